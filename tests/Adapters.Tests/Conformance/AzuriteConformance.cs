using KnapsackCloud.Adapters.Storage;
using KnapsackCloud.Adapters.Tests.Azurite;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Adapters.Tests.Conformance;

public class StorageQueueConformance(AzuriteServer azurite) : WorkQueueConformance
{
    protected override async Task<QueueUnderTest> CreateAsync(TimeSpan poll)
    {
        var account = new StorageAccount(await azurite.OptionsAsync(), TimeProvider.System);
        var name = $"q-{Guid.NewGuid():N}";
        var options = new StorageQueueOptions { MaxDeliveries = QueueUnderTest.MaxDeliveries, Poll = poll, LongestPause = TimeSpan.FromMilliseconds(100) };
        var queue = await account.OpenQueueAsync(name, options, Stop);
        return new QueueUnderTest
        {
            Queue = queue,
            Shortest = TimeSpan.FromSeconds(2),
            DeadLettersAsync = () => PoisonQueue.ReadAsync(azurite, name, Stop),
            Lacks = new Dictionary<QueueFeature, string>
            {
                [QueueFeature.DuplicateDetection] = "Azure Storage queues have none; every handler finds work that was done already",
            },
            Close = () =>
            {
                account.Dispose();
                return ValueTask.CompletedTask;
            },
        };
    }
}

public sealed class BlobRunStoreConformance(AzuriteServer azurite) : RunStoreConformance
{
    private StorageAccount? _account;

    protected override async Task<IRunStore> CreateAsync()
    {
        var options = await azurite.OptionsAsync();
        (options.Container, options.BlockBytes) = ($"c-{Guid.NewGuid():N}", 64 * 1024);
        _account = new StorageAccount(options, TimeProvider.System);
        return await _account.OpenStoreAsync(Stop);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _account?.Dispose();
        GC.SuppressFinalize(this);
    }
}
