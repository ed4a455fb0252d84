using System.Text;
using KnapsackCloud.Core.Ports;
using Microsoft.Extensions.Time.Testing;

namespace KnapsackCloud.Adapters.Tests.Queues;

/// <summary>What the port promises but a broker may be without.</summary>
public enum QueueFeature
{
    /// <summary>A message, new or snoozed, can be delivered later.</summary>
    Delay,
    /// <summary>A lease ends by time alone, and its loss is noticed.</summary>
    LeaseExpiry,
    /// <summary>An abandoned message comes with one attempt more, and goes to the dead letters at the limit.</summary>
    AttemptCount,
    /// <summary>A message whose id already waits is dropped.</summary>
    DuplicateDetection,
    /// <summary>A dead letter says why it is one.</summary>
    DeadLetterReason,
    /// <summary>A message that was completed is not delivered again, however many receive at once.</summary>
    SingleDelivery,
}

/// <summary>An id in the dead-letter queue and why it is there.</summary>
public sealed record DeadLetterSeen(string Id, string? Reason);

/// <summary>An empty queue of its own for one test, and how time passes for it.</summary>
public sealed class QueueUnderTest : IAsyncDisposable
{
    /// <summary>Longest wait for what must come: a test whose clock stands still would wait for ever.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Attempts after which the queue buries a message.</summary>
    public const int MaxDeliveries = 3;

    private int _sentinels;

    public required IWorkQueue Queue { get; init; }

    /// <summary>Shortest lease, and delay, that this queue can tell apart from none.</summary>
    public required TimeSpan Shortest { get; init; }

    /// <summary>The clock of queue and broker when the test moves it; null when it is the real one, and a receive waits as long as it takes.</summary>
    public FakeTimeProvider? Clock { get; init; }

    public required Func<Task<IReadOnlyList<DeadLetterSeen>>> DeadLettersAsync { get; init; }

    /// <summary>What this broker is without, and why.</summary>
    public IReadOnlyDictionary<QueueFeature, string> Lacks { get; init; } = new Dictionary<QueueFeature, string>();

    /// <summary>Returns when the settlements so far have reached the broker.</summary>
    public Func<Task> ReachedAsync { get; init; } = () => Task.CompletedTask;

    public Func<ValueTask> Close { get; init; } = () => ValueTask.CompletedTask;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public QueueUnderTest Needs(QueueFeature feature)
    {
        Assert.SkipWhen(Lacks.TryGetValue(feature, out var why), $"{feature} is not to be had: {why}");
        return this;
    }

    public Task SendAsync(string id, TimeSpan delay = default) => Queue.SendAsync(BodyOf(id), id, delay, Stop);

    /// <summary>The next message, which must have this id.</summary>
    public async Task<ILease> ReceiveAsync(string id, TimeSpan? duration = null)
    {
        var lease = await Queue.ReceiveAsync(duration ?? TimeSpan.FromMinutes(1), Stop).WaitAsync(Patience, Stop);
        Assert.NotNull(lease);
        Assert.Equal(id, lease.MessageId);
        Assert.Equal(BodyOf(id), lease.Body.ToArray());
        return lease;
    }

    /// <summary>Nothing else comes: a message sent now is the next, and then gone. Needs a queue that delivers in order.</summary>
    public async Task NothingElseWaitsAsync()
    {
        // Another id each time: the last one is still known to duplicate detection.
        var sentinel = $"sentinel-{++_sentinels}";
        await SendAsync(sentinel);
        await (await ReceiveAsync(sentinel)).CompleteAsync(Stop);
    }

    /// <summary>Moves the clock, once all that was told the broker before has reached it.</summary>
    public async Task PassAsync(TimeSpan duration)
    {
        await ReachedAsync();
        Clock?.Advance(duration);
    }

    /// <summary>Settlements may travel without an answer: asks until the dead letters are these.</summary>
    public async Task<IReadOnlyList<DeadLetterSeen>> UntilDeadAsync(int count)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        deadline.CancelAfter(Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            var letters = await DeadLettersAsync();
            if (letters.Count >= count) return letters;
            await pause.WaitForNextTickAsync(deadline.Token);
        }
    }

    public ValueTask DisposeAsync() => Close();

    private static byte[] BodyOf(string id) => Encoding.UTF8.GetBytes($"body of {id}");
}
