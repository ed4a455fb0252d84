namespace KnapsackCloud.Core.Contracts;

/// <summary>
/// A message is a hint that work may be due: it carries ids, never data, and losing or doubling it changes nothing.
/// <see cref="Id"/> is the key for duplicate detection and log lines.
/// </summary>
public interface IWorkMessage
{
    /// <summary>Version of the message format; a reader refuses one it does not know.</summary>
    int Format { get; }
    RunId Run { get; }
    string Id { get; }
}

/// <summary>Queue <c>plan</c>: allocate the step's budget and send its work items.</summary>
public sealed record PlanRequest(int Format, RunId Run, int Step) : IWorkMessage
{
    public PlanRequest(RunId run, int step) : this(MessageFormat.Current, run, step) { }
    public string Id => $"{Run}-plan-{Step:D6}";
}

/// <summary>Queue <c>rollouts</c>: generate and score one work item of a step's plan.</summary>
public sealed record RolloutRequest(int Format, RunId Run, int Step, string Item) : IWorkMessage
{
    public RolloutRequest(RunId run, int step, string item) : this(MessageFormat.Current, run, step, item) { }
    public string Id => $"{Run}-rollout-{Step:D6}-{Item}";
}

/// <summary>Queue <c>rollout-done</c>: a work item has its blob or its terminal marker.</summary>
public sealed record RolloutDone(int Format, RunId Run, int Step, string Item) : IWorkMessage
{
    public RolloutDone(RunId run, int step, string item) : this(MessageFormat.Current, run, step, item) { }
    public string Id => $"{Run}-done-{Step:D6}-{Item}";
}

/// <summary>Queue <c>learn</c>: make the policy of <see cref="Step"/>; step 0 prepares the policy a run starts from.</summary>
public sealed record LearnRequested(int Format, RunId Run, int Step) : IWorkMessage
{
    public LearnRequested(RunId run, int step) : this(MessageFormat.Current, run, step) { }
    public string Id => $"{Run}-learn-{Step:D6}";
}

/// <summary>Queue <c>checkpoint-ready</c>: the manifest of this policy is in the store.</summary>
public sealed record CheckpointReady(int Format, RunId Run, PolicyVersion Version) : IWorkMessage
{
    public CheckpointReady(RunId run, PolicyVersion version) : this(MessageFormat.Current, run, version) { }
    public string Id => $"{Run}-checkpoint-{Version.Value:D6}";
}

public static class MessageFormat
{
    public const int Current = 1;
}
