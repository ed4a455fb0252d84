using KnapsackCloud.Hosting;
using KnapsackCloud.Hosting.Local;

namespace KnapsackCloud.Infra.Tests;

internal static class Azurite
{
    /// <summary>Skips the test, with the reason, where it cannot be had.</summary>
    public static async Task<AzuriteProcess> StartAsync()
    {
        try
        {
            return await AzuriteProcess.StartAsync(location: null, log: null, TestContext.Current.CancellationToken);
        }
        catch (HostRefusedException reason)
        {
            Assert.Skip(reason.Message);
            throw;
        }
    }
}
