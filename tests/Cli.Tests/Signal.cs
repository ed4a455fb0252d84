using System.Diagnostics;

namespace KnapsackCloud.Cli.Tests;

internal static class Signal
{
    /// <summary>What Ctrl-C sends.</summary>
    public static async Task InterruptAsync(int processId)
    {
        using var kill = Process.Start("kill", ["-INT", processId.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }
}
