namespace KnapsackCloud.Core.Ports;

/// <summary>
/// At-least-once queue with peek-lock. Message bodies are ids only (256 KB at most), so losing or doubling one is harmless.
/// </summary>
public interface IWorkQueue
{
    string Name { get; }

    /// <param name="id">Key for duplicate detection, where the queue has it.</param>
    /// <param name="delay">Not delivered before this has passed.</param>
    Task SendAsync(ReadOnlyMemory<byte> body, string id, TimeSpan delay, CancellationToken cancellation);

    /// <summary>Next message, leased for <paramref name="duration"/>; waits until there is one or the queue's own poll ends. Null when there was none.</summary>
    Task<ILease?> ReceiveAsync(TimeSpan duration, CancellationToken cancellation);

    /// <summary>About how many messages are not settled yet, delayed and leased ones included; null where the queue cannot tell.</summary>
    Task<long?> CountAsync(CancellationToken cancellation) => Task.FromResult<long?>(null);
}

/// <summary>Time-limited right to process a message. Settle it once; an unsettled lease runs out and the message comes again.</summary>
public interface ILease
{
    ReadOnlyMemory<byte> Body { get; }
    string MessageId { get; }
    /// <summary>1 on first delivery; a snooze does not count.</summary>
    int Attempt { get; }
    /// <summary>W3C trace context of whoever sent the message, or null where there was none.</summary>
    string? TraceParent => null;
    /// <summary>When the message was sent, by the queue's clock; null where it does not tell.</summary>
    DateTimeOffset? SentAt => null;

    Task CompleteAsync(CancellationToken cancellation);
    /// <summary>Gives the message back to come again after the delay, without using an attempt.</summary>
    Task SnoozeAsync(TimeSpan delay, CancellationToken cancellation);
    /// <summary>Gives the message back at once; uses an attempt. At the attempt limit it goes to the dead-letter queue.</summary>
    Task AbandonAsync(CancellationToken cancellation);
    /// <summary>Moves the message to the dead-letter queue, never to be retried.</summary>
    Task RejectAsync(string reason, CancellationToken cancellation);
    /// <summary>Extends the lease; false when it was already lost, and the work under it must stop.</summary>
    Task<bool> RenewAsync(TimeSpan duration, CancellationToken cancellation);
}

/// <summary>The queue failed (lost connection, no permission, no such queue); the message names the place and the cure.</summary>
public sealed class QueueException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The five queues of the pipeline (docs/architecture.md).</summary>
public static class QueueNames
{
    public const string Plan = "plan";
    public const string Rollouts = "rollouts";
    public const string RolloutDone = "rollout-done";
    public const string Learn = "learn";
    public const string CheckpointReady = "checkpoint-ready";

    public static IReadOnlyList<string> All { get; } = [Plan, Rollouts, RolloutDone, Learn, CheckpointReady];
}
