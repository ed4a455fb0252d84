namespace KnapsackCloud.Core.Messaging;

/// <summary>How the work on a message ended. A closed set, settled in one place (<see cref="MessagePump{TMessage}"/>); an exception is no outcome, it uses an attempt.</summary>
public abstract record WorkOutcome
{
    private WorkOutcome() { }

    /// <summary>Every effect of the message is in the store, or it is not due any more.</summary>
    public static WorkOutcome Done { get; } = new Completed();

    public sealed record Completed : WorkOutcome;

    /// <summary>Too early: the message comes again after the delay and no attempt is used.</summary>
    public sealed record Snoozed(TimeSpan Delay) : WorkOutcome;

    /// <summary>The message itself is wrong: it goes to the dead letters and is never retried.</summary>
    public sealed record Rejected(string Reason) : WorkOutcome;
}
