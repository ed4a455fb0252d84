using System.Text;
using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Core.Ports;
using Microsoft.Extensions.Time.Testing;

namespace KnapsackCloud.Adapters.Tests.Queues;

public class MemoryQueueTests : WorkQueueContract
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private readonly FakeTimeProvider _time = new();
    private readonly MemoryQueue _queue;

    public MemoryQueueTests() => _queue = NewQueue(_time, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    protected override Task<QueueUnderTest> CreateAsync(TimeSpan poll)
    {
        var time = new FakeTimeProvider();
        var queue = NewQueue(time, poll);
        return Task.FromResult(new QueueUnderTest
        {
            Queue = queue,
            Shortest = Lease,
            Clock = time,
            DeadLettersAsync = () => Task.FromResult<IReadOnlyList<DeadLetterSeen>>([.. queue.DeadLetters.Select(letter => new DeadLetterSeen(letter.MessageId, letter.Reason))]),
        });
    }

    [Fact]
    public async Task A_message_nobody_settles_is_a_dead_letter_after_its_deliveries()
    {
        await SendAsync("a");
        for (var delivery = 1; delivery <= 3; delivery++)
        {
            Assert.Equal(delivery, (await ReceiveAsync())!.Attempt);
            Pass(Lease);
        }
        Assert.Null(await ReceiveAsync());
        Assert.Equal([("a", "delivered 3 times without being settled")], _queue.DeadLetters.Select(letter => (letter.MessageId, letter.Reason)));
    }

    [Fact]
    public async Task A_message_whose_id_waits_already_is_dropped_but_not_one_whose_id_is_in_work()
    {
        await SendAsync("a");
        await SendAsync("a");
        Assert.Equal(1, _queue.Count);
        var lease = await ReceiveAsync();
        await SendAsync("a");
        Assert.Equal(2, _queue.Count);
        await lease!.CompleteAsync(Token);
        Assert.NotNull(await ReceiveAsync());
    }

    [Fact]
    public async Task A_receiver_that_waits_wakes_when_a_message_is_sent()
    {
        var queue = new MemoryQueue("test", _time, new MemoryQueueOptions());
        var waiting = queue.ReceiveAsync(Lease, Token);
        Assert.False(waiting.IsCompleted);
        await queue.SendAsync(new byte[1], "a", TimeSpan.Zero, Token);
        Assert.Equal("a", (await waiting)!.MessageId);
    }

    [Fact]
    public async Task A_receiver_that_waits_wakes_when_a_lease_runs_out_and_gives_up_when_its_poll_ends()
    {
        var queue = new MemoryQueue("test", _time, new MemoryQueueOptions { Poll = 1.5 * Lease });
        await queue.SendAsync(new byte[1], "a", TimeSpan.Zero, Token);
        Assert.NotNull(await queue.ReceiveAsync(Lease, Token));
        var second = queue.ReceiveAsync(100 * Lease, Token);
        var third = queue.ReceiveAsync(100 * Lease, Token);
        Pass(Lease);
        Assert.Equal(2, (await await Task.WhenAny(second, third))!.Attempt);
        var both = Task.WhenAll(second, third);
        // The other may have read the clock and not begun to wait by it: time passes until it has.
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!both.IsCompleted)
        {
            Pass(Lease / 2);
            await pause.WaitForNextTickAsync(Token);
        }
        Assert.Contains(null, await both);
    }

    [Fact]
    public async Task A_receiver_that_waits_can_be_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        var waiting = new MemoryQueue("test", _time, new MemoryQueueOptions()).ReceiveAsync(Lease, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private static MemoryQueue NewQueue(TimeProvider time, TimeSpan poll) =>
        new("test", time, new MemoryQueueOptions { Poll = poll, MaxDeliveries = QueueUnderTest.MaxDeliveries });

    private void Pass(TimeSpan time) => _time.Advance(time);

    private Task SendAsync(string id) => _queue.SendAsync(Encoding.UTF8.GetBytes($"body of {id}"), id, TimeSpan.Zero, Token);

    private Task<ILease?> ReceiveAsync() => _queue.ReceiveAsync(Lease, Token);
}
