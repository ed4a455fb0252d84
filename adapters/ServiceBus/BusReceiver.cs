using Amqp;
using Amqp.Framing;

namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>
/// Receives from one queue under locks: as many credits as there are receives waiting, so that no message sits here with
/// its lock running out. One that comes after its receive has ended is given back at once. Thread-safe.
/// </summary>
internal sealed class BusReceiver : IBusLink
{
    private readonly ReceiverLink _link;
    private readonly Lock _gate = new();
    private readonly LinkedList<TaskCompletionSource<Message>> _waiting = [];
    private int _credits;

    private BusReceiver(ReceiverLink link)
    {
        _link = link;
        link.Start(0, OnMessage);
        link.AddClosedCallback((_, error) => FailAll(error));
    }

    public bool IsClosed => _link.IsClosed;

    public static async Task<BusReceiver> OpenAsync(Session session, string address) =>
        new(await BusLinks.AttachAsync(attached => new ReceiverLink(session, BusLinks.NewName(address), new Source { Address = address }, attached)));

    /// <summary>Null when none came in time.</summary>
    /// <exception cref="AmqpException">The link closed.</exception>
    public async Task<Message?> ReceiveAsync(TimeSpan wait, TimeProvider time, CancellationToken cancellation)
    {
        var receive = new TaskCompletionSource<Message>(TaskCreationOptions.RunContinuationsAsynchronously);
        AddWaiting(receive);
        try
        {
            return await receive.Task.WaitAsync(wait, time, cancellation);
        }
        catch (TimeoutException)
        {
            return Withdraw(receive) ? null : await receive.Task;
        }
        catch (OperationCanceledException)
        {
            if (!Withdraw(receive) && receive.Task.IsCompletedSuccessfully) GiveBack(await receive.Task);
            throw;
        }
    }

    public void Accept(Message message) => _link.Accept(message);

    public void Abandon(Message message, bool countsDeliveries)
    {
        if (countsDeliveries) _link.Modify(message, deliveryFailed: true);
        else _link.Release(message);
    }

    public void DeadLetter(Message message, string reason) => _link.Reject(message, BusMessages.DeadLetter(reason));

    private void AddWaiting(TaskCompletionSource<Message> receive)
    {
        var addCredit = false;
        lock (_gate)
        {
            if (_link.IsClosed) throw new AmqpException(_link.Error ?? new Error(ErrorCode.DetachForced));
            _waiting.AddLast(receive);
            if (_credits < _waiting.Count)
            {
                _credits++;
                addCredit = true;
            }
        }
        // Not under the lock, which the end of the link needs.
        if (addCredit) _link.SetCredit(1, autoRestore: false);
    }

    /// <summary>False when a message, or the end of the link, came first.</summary>
    private bool Withdraw(TaskCompletionSource<Message> receive)
    {
        lock (_gate) return _waiting.Remove(receive);
    }

    private void OnMessage(IReceiverLink link, Message message)
    {
        TaskCompletionSource<Message>? receive;
        lock (_gate)
        {
            _credits--;
            receive = _waiting.First?.Value;
            if (receive is not null) _waiting.RemoveFirst();
        }
        if (receive is null) GiveBack(message);
        else receive.SetResult(message);
    }

    private void GiveBack(Message message)
    {
        if (!_link.IsClosed) _link.Release(message);
    }

    private void FailAll(Error? error)
    {
        TaskCompletionSource<Message>[] receives;
        lock (_gate)
        {
            receives = [.. _waiting];
            _waiting.Clear();
        }
        foreach (var receive in receives) receive.TrySetException(new AmqpException(error ?? new Error(ErrorCode.DetachForced)));
    }
}
