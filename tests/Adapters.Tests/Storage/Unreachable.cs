using KnapsackCloud.Adapters.Storage;
using KnapsackCloud.Hosting.Local;

namespace KnapsackCloud.Adapters.Tests.Storage;

internal static class Unreachable
{
    /// <summary>An account where nobody listens.</summary>
    public static StorageOptions Options()
    {
        var place = $"http://127.0.0.1:{LoopbackPorts.Free(1)[0]}/devstoreaccount1";
        return new StorageOptions
        {
            ConnectionString = $"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=a2V5;BlobEndpoint={place};QueueEndpoint={place};",
            MaxRetries = 1,
            RetryDelay = TimeSpan.FromMilliseconds(1),
        };
    }
}
