using System.Runtime.CompilerServices;
using Amqp;
using Amqp.Handler;
using Amqp.Listener;

namespace KnapsackCloud.Adapters.Tests.Brokers;

/// <summary>A client's receiving link, seen from the test broker. Credit is counted here: the library loses it (see <see cref="OnFlow"/>).</summary>
internal sealed class BusSource : LinkEndpoint
{
    private readonly BusNode _node;
    private readonly ListenerLink _link;
    private readonly Lock _sending = new();
    private uint _sent;
    private uint _limit;
    private uint _taken;
    private volatile bool _closed;

    public BusSource(BusNode node, ListenerLink link)
    {
        (_node, _link) = (node, link);
        link.AddClosedCallback((_, _) =>
        {
            _closed = true;
            node.Remove(this);
        });
        node.Add(this);
    }

    /// <summary>Called by one thread at a time.</summary>
    public bool TryTakeCredit()
    {
        if (_closed || _taken == Volatile.Read(ref _limit)) return false;
        _taken++;
        return true;
    }

    public void Deliver(Guid token, Message message)
    {
        LockTags.Set(message, token);
        try
        {
            lock (_sending)
            {
                _link.SendMessage(message);
                _sent++;
            }
        }
        catch (AmqpException)
        {
            // The link has gone; the lock runs out, as the lock of a delivery lost on the way would.
        }
    }

    /// <summary>
    /// Two flows that wait in a client are sent with the same credit. The library takes the second for one that takes all
    /// credit back, and raises it by too much next time; but a link that has just been raised is right in the sum of what
    /// it sent and may still send. Our client never takes credit back.
    /// </summary>
    public override void OnFlow(FlowContext flowContext)
    {
        if (flowContext.Messages <= 0) return;
        lock (_sending) Volatile.Write(ref _limit, _sent + CreditOf(_link));
        _node.Pump();
    }

    public override void OnDisposition(DispositionContext dispositionContext)
    {
        // A link that closes releases its deliveries by itself; here a lock outlives its link.
        if (!_closed) _node.Settle(LockTags.Get(dispositionContext.Message), dispositionContext.DeliveryState);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Credit")]
    private static extern uint CreditOf(ListenerLink link);
}

/// <summary>Makes the lock token the delivery tag, which the library would number otherwise.</summary>
internal sealed class LockTags : IHandler
{
    private static readonly ConditionalWeakTable<Message, StrongBox<Guid>> Tokens = [];

    public static void Set(Message message, Guid token) => Tokens.Add(message, new StrongBox<Guid>(token));
    public static Guid Get(Message message) => Tokens.TryGetValue(message, out var token) ? token.Value : Guid.Empty;

    public bool CanHandle(EventId id) => id == EventId.SendDelivery;

    public void Handle(Event protocolEvent)
    {
        if (protocolEvent.Context is IDelivery { Message: { } message } delivery && Tokens.TryGetValue(message, out var token))
            delivery.Tag = token.Value.ToByteArray();
    }
}
