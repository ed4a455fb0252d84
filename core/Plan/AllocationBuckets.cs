using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Plan;

/// <summary>Where a step's rollouts went, by predicted success rate: bucket i holds [i/10, (i+1)/10), the last one also 1.</summary>
/// <param name="Tasks">In each bucket, those without a rollout included.</param>
public sealed record AllocationBuckets(int Step, IReadOnlyList<int> Tasks, IReadOnlyList<long> Rollouts)
{
    public const int Count = 10;

    public static AllocationBuckets Of(StepPlan plan)
    {
        var (tasks, rollouts) = (new int[Count], new long[Count]);
        foreach (var one in plan.Allocations)
        {
            var bucket = Math.Clamp((int)(one.PredictedSuccessRate * Count), 0, Count - 1);
            tasks[bucket]++;
            rollouts[bucket] += one.Rollouts;
        }
        return new AllocationBuckets(plan.Step, tasks, rollouts);
    }
}
