using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Learn;

/// <summary>The scored rollouts of one task, ready to learn from: rewards differ, advantages are set.</summary>
public sealed record TrainingGroup(int[] PromptIds, IReadOnlyList<TrainingRow> Rows)
{
    /// <summary>Null for groups that are no run's.</summary>
    public TaskId? Task { get; init; }
}

/// <param name="CompletionIds">T tokens, end of sequence included.</param>
/// <param name="LogProbs">T log-probs of the policy that ratios compare with: of the one that sampled, unless that is corrected for.</param>
public sealed record TrainingRow(int[] CompletionIds, float[] LogProbs, double Advantage)
{
    /// <summary>Of the rollout in its group.</summary>
    public int Index { get; init; }
    /// <summary>T weights of its tokens in the loss, beside their share in it; null is 1 for each.</summary>
    public float[]? Importance { get; init; }
}

/// <summary>What one step teaches.</summary>
/// <param name="Groups">Mixed groups, in plan order.</param>
/// <param name="RolloutTokens">Completion tokens of all scored rollouts of the step, those of uniform groups included.</param>
public sealed record TrainingBatch(IReadOnlyList<TrainingGroup> Groups, long RolloutTokens)
{
    /// <summary>Completion tokens of the effective rows.</summary>
    public long EffectiveTokens => Groups.Sum(group => group.Rows.Sum(row => (long)row.CompletionIds.Length));
}
