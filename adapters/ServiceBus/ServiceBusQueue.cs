using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>
/// A Service Bus queue under peek-lock. The length of a lease is the queue's own lock duration, whatever a receive asks
/// for: set it to no less than a third of the longest lease, at which leases are renewed. Thread-safe.
/// </summary>
internal sealed class ServiceBusQueue(string name, BusConnection connection, BusProfile profile, ServiceBusOptions options, TimeProvider time) : IWorkQueue
{
    private readonly string _address = profile.Address(name);

    public string Name => name;
    public BusProfile Profile => profile;

    public Task SendAsync(ReadOnlyMemory<byte> body, string id, TimeSpan delay, CancellationToken cancellation) =>
        SendAsync(() => BusMessages.Create(body, id, Due(delay)), cancellation);

    public async Task<ILease?> ReceiveAsync(TimeSpan duration, CancellationToken cancellation)
    {
        var pollEnds = time.GetUtcNow() + options.Poll;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var lease = await connection.RunAsync(name, (session, token) => TakeAsync(session, pollEnds, token), cancellation);
            if (lease is null) return null;
            if (lease.Refusal is not { } reason) return lease;
            await lease.RejectAsync(reason, cancellation);
        }
    }

    /// <summary>Each try gets a message of its own: one that was sent cannot be sent again.</summary>
    public Task SendAsync(Func<Amqp.Message> create, CancellationToken cancellation) => connection.RunAsync(name, async (session, token) =>
    {
        var sender = await session.SenderAsync(_address, token);
        await sender.SendAsync(create(), token);
        return true;
    }, cancellation);

    public Task<bool> AskLocksAsync(Func<BusRequests, CancellationToken, Task<bool>> ask, CancellationToken cancellation) =>
        connection.RunAsync(name, async (session, token) => await ask(await session.RequestsAsync(BusLocks.NodeOf(_address), token), token), cancellation);

    /// <summary>When a message sent now is due; null for at once.</summary>
    /// <exception cref="NotSupportedException">The broker cannot wait, and must not pretend to.</exception>
    public DateTimeOffset? Due(TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero) return null;
        if (!profile.Schedules) throw new NotSupportedException($"the broker of queue '{name}' has no scheduled messages, so nothing can be delayed by {delay}");
        return time.GetUtcNow() + delay;
    }

    private async Task<BusLease?> TakeAsync(BusSession session, DateTimeOffset pollEnds, CancellationToken cancellation)
    {
        var receiver = await session.ReceiverAsync(_address, cancellation);
        var left = pollEnds - time.GetUtcNow();
        var message = await receiver.ReceiveAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellation);
        return message is null ? null : new BusLease(this, receiver, message, options.MaxDeliveries);
    }
}
