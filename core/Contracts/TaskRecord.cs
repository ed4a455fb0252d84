namespace KnapsackCloud.Core.Contracts;

/// <summary>A row of the task ledger: what the run knows of one task after some step. A task never seen has no row.</summary>
public sealed record TaskRecord
{
    public required TaskId Task { get; init; }
    public required string Family { get; init; }
    /// <summary>Rewarded rollouts, discounted at each visit.</summary>
    public required double Successes { get; init; }
    /// <summary>Unrewarded rollouts, discounted at each visit.</summary>
    public required double Failures { get; init; }
    /// <summary>Steps in which the task was rolled out.</summary>
    public required int Visits { get; init; }
    /// <summary>Mean reward of the last visit, undiscounted: the paper's estimate (arXiv 2509.25849).</summary>
    public required double LastSuccessRate { get; init; }
    /// <summary>Mean completion tokens of a rollout, discounted like the outcomes.</summary>
    public required double MeanCompletionTokens { get; init; }
    public required int LastStep { get; init; }
    /// <summary>Last visits in a row whose group was uniform.</summary>
    public int UniformVisits { get; init; }
}
