using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Stages;

/// <summary>A step's rounds as one plan.</summary>
public static class StepPlans
{
    /// <summary>
    /// Rollouts, values and certificates are summed; the predictions of a task are those of the last round that lists it, which
    /// has seen the most.
    /// </summary>
    /// <param name="rounds">In order, from the first; at least one.</param>
    public static StepPlan Merge(IReadOnlyList<StepPlan> rounds)
    {
        if (rounds.Count == 1) return rounds[0];
        return rounds[0] with
        {
            Round = rounds[^1].Round,
            IsLast = rounds[^1].IsLast,
            Allocations = [.. rounds.SelectMany(round => round.Allocations).GroupBy(one => one.Task).Select(Merge)],
            Certificate = Merge([.. rounds.Select(round => round.Certificate)]),
            Items = [.. rounds.SelectMany(round => round.Items)],
        };
    }

    private static TaskAllocation Merge(IEnumerable<TaskAllocation> rounds) =>
        rounds.Aggregate((before, after) => after with { Rollouts = before.Rollouts + after.Rollouts, Value = before.Value + after.Value });

    /// <summary>The budget is the step's: what the first round had at hand, of which the later ones got the rest.</summary>
    private static PlanCertificate Merge(IReadOnlyList<PlanCertificate> rounds)
    {
        var (objective, bound) = (rounds.Sum(round => round.Objective), rounds.Sum(round => round.UpperBound));
        return new PlanCertificate(rounds[0].Budget, rounds.Sum(round => round.Spent), objective, bound, bound > 0 ? (bound - objective) / bound : 0);
    }
}
