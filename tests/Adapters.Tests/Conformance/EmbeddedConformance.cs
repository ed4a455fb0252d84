using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Tests.Shared;
using Microsoft.Extensions.Time.Testing;

namespace KnapsackCloud.Adapters.Tests.Conformance;

public class MemoryQueueConformance : WorkQueueConformance
{
    protected override Task<QueueUnderTest> CreateAsync(TimeSpan poll)
    {
        var time = new FakeTimeProvider();
        var queue = new MemoryQueue("work", time, new MemoryQueueOptions { MaxDeliveries = QueueUnderTest.MaxDeliveries, Poll = poll });
        return Task.FromResult(new QueueUnderTest
        {
            Queue = queue,
            Shortest = TimeSpan.FromSeconds(30),
            Clock = time,
            DeadLettersAsync = () => Task.FromResult<IReadOnlyList<DeadLetterSeen>>([.. queue.DeadLetters.Select(letter => new DeadLetterSeen(letter.MessageId, letter.Reason))]),
        });
    }
}

public sealed class FolderRunStoreConformance : RunStoreConformance
{
    private readonly TempFolder _folder = new();

    protected override Task<IRunStore> CreateAsync() => Task.FromResult<IRunStore>(new FolderRunStore(_folder.Path, TimeProvider.System));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }
}
