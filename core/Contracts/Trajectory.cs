namespace KnapsackCloud.Core.Contracts;

public enum StopReason
{
    /// <summary>The model ended the sequence; its end token is the last completion token.</summary>
    Eos,
    /// <summary>The longest allowed completion was reached.</summary>
    Length,
    /// <summary>A stop string or stop token was met.</summary>
    Stop,
}

/// <summary>One rollout as the learner gets it: tokens, behaviour log-probs, reward, and where it came from.</summary>
public sealed record Trajectory : IRollout
{
    public required TaskId Task { get; init; }
    /// <summary>0 to <see cref="GroupSize"/> - 1.</summary>
    public required int Index { get; init; }
    /// <summary>Rollouts planned for the task in this step.</summary>
    public required int GroupSize { get; init; }
    public required int[] PromptIds { get; init; }
    /// <summary>New tokens only, end of sequence included.</summary>
    public required int[] CompletionIds { get; init; }
    /// <summary>Natural logs under the distribution that was sampled from, one per completion token.</summary>
    public required float[] LogProbs { get; init; }
    /// <summary>Null when the verifier failed: an error is not a zero.</summary>
    public double? Reward { get; init; }
    /// <summary>Name and value of each part of the reward, such as <c>exact=1</c>.</summary>
    public IReadOnlyList<RewardPart> RewardParts { get; init; } = [];
    /// <summary>Why there is no reward.</summary>
    public string? Error { get; init; }
    public required StopReason StopReason { get; init; }
    public required PolicyVersion Policy { get; init; }
    public required SamplingSpec Sampling { get; init; }
    public required ulong Seed { get; init; }
    /// <summary>Who generated it; for people, never part of an identity.</summary>
    public string Worker { get; init; } = "";
    /// <summary>Seconds of generation, shared evenly among the rollouts of the work item.</summary>
    public double GenerationSeconds { get; init; }
    public int CompletionTokens => CompletionIds.Length;

    public RolloutOutcome ToOutcome() => new()
    {
        Task = Task,
        Index = Index,
        Policy = Policy,
        Reward = Reward,
        Error = Error,
        CompletionTokens = CompletionTokens,
        Worker = Worker,
        GenerationSeconds = GenerationSeconds,
    };
}

public sealed record RewardPart(string Name, double Value);
