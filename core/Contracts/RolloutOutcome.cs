namespace KnapsackCloud.Core.Contracts;

/// <summary>What joining rollouts into groups looks at.</summary>
public interface IRollout
{
    TaskId Task { get; }
    int Index { get; }
    PolicyVersion Policy { get; }
    double? Reward { get; }
    int CompletionTokens { get; }
}

/// <summary>
/// What came of a rollout, without its tokens: all that summing up a step and planning the next one need, and a small
/// part of what a <see cref="Trajectory"/> weighs.
/// </summary>
public sealed record RolloutOutcome : IRollout
{
    public required TaskId Task { get; init; }
    public required int Index { get; init; }
    public required PolicyVersion Policy { get; init; }
    /// <summary>Null when the verifier failed: an error is not a zero.</summary>
    public double? Reward { get; init; }
    /// <summary>Why there is no reward.</summary>
    public string? Error { get; init; }
    /// <summary>New tokens only, end of sequence included.</summary>
    public required int CompletionTokens { get; init; }
    public string Worker { get; init; } = "";
    public double GenerationSeconds { get; init; }
}
