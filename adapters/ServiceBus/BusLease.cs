using Amqp;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>
/// A locked message. It is settled on the link it came over, without an answer: a lock lost in the meantime goes
/// unnoticed, and the message comes again. When that link is gone, its lock token settles it on the management node.
/// </summary>
internal sealed class BusLease : ILease
{
    private readonly ServiceBusQueue _queue;
    private readonly BusReceiver _receiver;
    private readonly Message _message;
    private readonly BusContent _content;
    private readonly Guid? _lock;

    public BusLease(ServiceBusQueue queue, BusReceiver receiver, Message message, int maxDeliveries)
    {
        (_queue, _receiver, _message) = (queue, receiver, message);
        var content = BusMessages.Read(message);
        _content = content ?? new BusContent([], message.Properties?.MessageId ?? "", 0, 0, null);
        _lock = queue.Profile.ManagesLocks ? BusMessages.LockToken(message) : null;
        Refusal = content is null ? "not a message of this program: its body is not bytes"
            : Attempt > maxDeliveries ? $"delivered {Attempt - 1} times without being settled"
            : null;
    }

    /// <summary>Why the message must not be worked on, or null.</summary>
    public string? Refusal { get; }

    public ReadOnlyMemory<byte> Body => _content.Body;
    public string MessageId => _content.Id;
    public int Attempt => _content.Attempts + 1;
    public string? TraceParent => _content.TraceParent;
    public DateTimeOffset? SentAt => BusMessages.SentAt(_message);

    public Task CompleteAsync(CancellationToken cancellation) =>
        SettleAsync(() => _receiver.Accept(_message), BusLocks.Completed, null, cancellation);

    /// <summary>First the copy, then this one's end: a crash between the two doubles the message, and loses none.</summary>
    public async Task SnoozeAsync(TimeSpan delay, CancellationToken cancellation)
    {
        // A message that somebody else has by now is not ours to copy.
        if (!await RenewAsync(TimeSpan.Zero, cancellation)) return;
        var due = _queue.Due(delay);
        await _queue.SendAsync(() => BusMessages.Copy(_content, due), cancellation);
        await CompleteAsync(cancellation);
    }

    public Task AbandonAsync(CancellationToken cancellation) =>
        SettleAsync(() => _receiver.Abandon(_message, _queue.Profile.CountsDeliveries), BusLocks.Abandoned, null, cancellation);

    public Task RejectAsync(string reason, CancellationToken cancellation) =>
        SettleAsync(() => _receiver.DeadLetter(_message, reason), BusLocks.DeadLettered, BusMessages.Short(reason), cancellation);

    /// <summary>A broker without lock management keeps a message for as long as its link lives.</summary>
    public Task<bool> RenewAsync(TimeSpan duration, CancellationToken cancellation) => _lock is { } token
        ? _queue.AskLocksAsync((management, stop) => BusLocks.RenewAsync(management, token, stop), cancellation)
        : Task.FromResult(!_receiver.IsClosed);

    private async Task SettleAsync(Action onLink, string disposition, string? reason, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (TrySettle(onLink) || _lock is not { } token) return;
        await _queue.AskLocksAsync((management, stop) => BusLocks.SettleAsync(management, token, disposition, reason, stop), cancellation);
    }

    private bool TrySettle(Action onLink)
    {
        try
        {
            if (_receiver.IsClosed) return false;
            onLink();
            return true;
        }
        catch (Exception error) when (BusErrors.IsPassing(error))
        {
            return false;
        }
    }
}
