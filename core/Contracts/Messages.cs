using System.Text.Json.Serialization;

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
    /// <summary>The step it belongs to; 0 is the making of policy 0.</summary>
    int Step { get; }
    string Id { get; }
}

/// <summary>Queue <c>plan</c>: allocate a round of the step's budget and send its work items.</summary>
/// <param name="Round">From 1, which a message without one means. In the id, because a queue with duplicate detection would drop a second request for the step.</param>
public sealed record PlanRequest(RunId Run, int Step, int Round = 1) : IWorkMessage
{
    public int Format { get; init; } = MessageFormat.Current;
    [JsonIgnore]
    public string Id => $"{Run}-plan-{Step:D6}-{Round:D2}";
}

/// <summary>Queue <c>rollouts</c>: generate and score one work item of a step's plan.</summary>
public sealed record RolloutRequest(RunId Run, int Step, string Item) : IWorkMessage
{
    public int Format { get; init; } = MessageFormat.Current;
    [JsonIgnore]
    public string Id => $"{Run}-rollout-{Step:D6}-{Item}";
}

/// <summary>Queue <c>rollout-done</c>: a work item has its blob or its terminal marker.</summary>
public sealed record RolloutDone(RunId Run, int Step, string Item) : IWorkMessage
{
    public int Format { get; init; } = MessageFormat.Current;
    [JsonIgnore]
    public string Id => $"{Run}-done-{Step:D6}-{Item}";
}

/// <summary>Queue <c>learn</c>: make the policy of <see cref="Step"/>; step 0 prepares the policy a run starts from.</summary>
public sealed record LearnRequested(RunId Run, int Step) : IWorkMessage
{
    public int Format { get; init; } = MessageFormat.Current;
    [JsonIgnore]
    public string Id => $"{Run}-learn-{Step:D6}";
}

/// <summary>Queue <c>checkpoint-ready</c>: the manifest of this policy is in the store.</summary>
public sealed record CheckpointReady(RunId Run, PolicyVersion Version) : IWorkMessage
{
    public int Format { get; init; } = MessageFormat.Current;
    [JsonIgnore]
    public int Step => Version.Value;
    [JsonIgnore]
    public string Id => $"{Run}-checkpoint-{Version.Value:D6}";
}

public static class MessageFormat
{
    public const int Current = 1;
}
