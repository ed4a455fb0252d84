namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>What a broker of AMQP 1.0 can do beyond send, receive, accept, release and reject, and how it names queues.</summary>
internal sealed record BusProfile
{
    public static BusProfile ServiceBus { get; } = new();

    /// <summary>Address of a queue's node.</summary>
    public Func<string, string> Address { get; init; } = static queue => queue;

    /// <summary>Host name in the open frame, where it differs from the connection's.</summary>
    public string? OpenHost { get; init; }

    /// <summary>User and password of SASL PLAIN; null logs in anonymously and shows a token on $cbs.</summary>
    public (string User, string Password)? Login { get; init; }

    /// <summary>Delivers a message at the time in x-opt-scheduled-enqueue-time.</summary>
    public bool Schedules { get; init; } = true;

    /// <summary>Has a $management node that renews and settles locks by their token.</summary>
    public bool ManagesLocks { get; init; } = true;

    /// <summary>Knows the outcome modified and counts failed deliveries in the header.</summary>
    public bool CountsDeliveries { get; init; } = true;
}
