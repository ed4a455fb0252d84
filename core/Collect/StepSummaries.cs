using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Collect;

/// <summary>Summarises the groups of a step. Pure.</summary>
public static class StepSummaries
{
    /// <summary>
    /// Groups and rollouts are those planned: what was paid for and taught nothing, errors included, counts against both
    /// effective ratios.
    /// </summary>
    public static StepSummary Summarise(
        StepPlan plan, IReadOnlyList<TaskGroup<RolloutOutcome>> training, EvaluationSummary? evaluation, IReadOnlyList<string> failedItems, Func<TaskId, string> familyOf) => new()
        {
            Step = plan.Step,
            Policy = plan.Policy,
            Groups = training.Count,
            MixedGroups = training.Count(group => group.IsMixed),
            Rollouts = training.Sum(group => group.Planned),
            MixedRollouts = training.Where(group => group.IsMixed).Sum(group => group.Scored.Count),
            ErroredRollouts = training.Sum(group => group.Planned - group.Scored.Count),
            FailedItems = failedItems,
            MeanReward = MeanReward(training),
            Tokens = training.Sum(group => group.CompletionTokens),
            GenerationSeconds = training.Sum(group => group.Arrived.Sum(rollout => rollout.GenerationSeconds)),
            Families = Families(training, familyOf),
            Predicted = Predict(plan),
            Evaluation = evaluation,
        };

    /// <summary>Null when nothing was evaluated, or nothing of it could be scored.</summary>
    public static EvaluationSummary? Evaluate(IReadOnlyList<TaskGroup<RolloutOutcome>> groups, int samples, Func<TaskId, string> familyOf) =>
        groups.Any(group => group.Scored.Count > 0)
            ? new EvaluationSummary(groups.Count, samples, MeanReward(groups), Families(groups, familyOf))
            : null;

    /// <summary>Mean over groups of the group's mean; 0 when no group has a scored rollout.</summary>
    private static double MeanReward(IEnumerable<TaskGroup<RolloutOutcome>> groups) =>
        groups.Where(group => group.Scored.Count > 0).Select(group => group.MeanReward).DefaultIfEmpty(0).Average();

    private static IReadOnlyList<FamilySummary> Families(IReadOnlyList<TaskGroup<RolloutOutcome>> groups, Func<TaskId, string> familyOf) =>
        [.. groups.GroupBy(group => familyOf(group.Task)).OrderBy(family => family.Key, StringComparer.Ordinal)
            .Select(family => new FamilySummary(
                family.Key, family.Count(), family.Count(group => group.IsMixed), family.Sum(group => group.Planned), MeanReward(family)))];

    private static PlanPrediction Predict(StepPlan plan)
    {
        var allocations = plan.Allocations;
        if (allocations.Count == 0) return new PlanPrediction(0, 0, 0);
        var rollouts = allocations.Sum(allocation => (double)allocation.Rollouts);
        return new PlanPrediction(
            allocations.Average(allocation => allocation.PredictedSuccessRate),
            rollouts == 0 ? 0 : allocations.Sum(allocation => allocation.Rollouts * allocation.PredictedMixed) / rollouts,
            allocations.Average(allocation => allocation.PredictedMixed),
            plan.Items.Where(item => item.Purpose == WorkPurpose.Training).Sum(item => item.PredictedTokens));
    }
}
