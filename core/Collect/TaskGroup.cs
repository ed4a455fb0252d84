using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Collect;

/// <summary>All rollouts of a task in a step that arrived, joined from their chunks.</summary>
/// <param name="Planned">Rollouts in the plan; those missing ended in a terminal marker.</param>
/// <param name="Arrived">In index order.</param>
public sealed record TaskGroup<TRollout>(TaskId Task, int Planned, IReadOnlyList<TRollout> Arrived) where TRollout : IRollout
{
    /// <summary>Rollouts with a reward; the errored ones are left out of the group.</summary>
    public IReadOnlyList<TRollout> Scored { get; } = [.. Arrived.Where(rollout => rollout.Reward is not null)];

    /// <summary>Rewards differ, so that there is something to learn. Tested on the rewards: rounding in an advantage must not invent a gradient.</summary>
    public bool IsMixed => Scored.Count > 1 && Scored.Any(rollout => rollout.Reward != Scored[0].Reward);

    /// <summary>Of the scored rollouts; not to be asked of a group without any.</summary>
    public double MeanReward => Scored.Average(rollout => rollout.Reward!.Value);

    public long CompletionTokens => Arrived.Sum(rollout => (long)rollout.CompletionTokens);
}
