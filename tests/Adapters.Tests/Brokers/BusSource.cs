using System.Runtime.CompilerServices;
using Amqp;
using Amqp.Handler;
using Amqp.Listener;

namespace KnapsackCloud.Adapters.Tests.Brokers;

/// <summary>A client's receiving link, seen from the test broker.</summary>
internal sealed class BusSource : LinkEndpoint
{
    private readonly BusNode _node;
    private readonly ListenerLink _link;
    private int _credit;
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

    public bool TryTakeCredit()
    {
        if (_closed || Interlocked.Decrement(ref _credit) >= 0) return !_closed;
        Interlocked.Increment(ref _credit);
        return false;
    }

    public void Deliver(Guid token, Message message)
    {
        LockTags.Set(message, token);
        try
        {
            _link.SendMessage(message);
        }
        catch (AmqpException)
        {
            // The link has gone; the lock runs out, as the lock of a delivery lost on the way would.
        }
    }

    public override void OnFlow(FlowContext flowContext)
    {
        // The library takes a flow that raises nothing for one that takes all credit back.
        if (flowContext.Messages > 0) Interlocked.Add(ref _credit, flowContext.Messages);
        else Interlocked.Exchange(ref _credit, 0);
        _node.Pump();
    }

    public override void OnDisposition(DispositionContext dispositionContext)
    {
        // A link that closes releases its deliveries by itself; here a lock outlives its link.
        if (!_closed) _node.Settle(LockTags.Get(dispositionContext.Message), dispositionContext.DeliveryState);
    }
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
