using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Plan;

/// <summary>What the earlier rounds of a step planned and what came of it.</summary>
/// <param name="Plan">The rounds as one plan, all of their work items done or given up.</param>
public sealed record StepSoFar(StepPlan Plan, IReadOnlyList<TaskGroup<RolloutOutcome>> Groups)
{
    /// <summary>The evidence with this step's outcomes, errored rollouts left out.</summary>
    internal static TaskEvidence Rolled(TaskEvidence task, TaskGroup<RolloutOutcome>? group)
    {
        if (group is null || group.Scored.Count == 0) return task;
        var successes = Successes(group);
        return task with { RolledSuccesses = successes, RolledFailures = group.Scored.Count - successes };
    }

    /// <summary>Rewards between 0 and 1 count as shares of a success, but a mixed group never counts as uniform nor a uniform one as mixed.</summary>
    private static int Successes(TaskGroup<RolloutOutcome> group)
    {
        var count = group.Scored.Count;
        if (!group.IsMixed) return group.MeanReward >= 0.5 ? count : 0;
        var shares = group.Scored.Sum(rollout => Math.Clamp(rollout.Reward!.Value, 0, 1));
        return Math.Clamp((int)Math.Round(shares), 1, count - 1);
    }
}
