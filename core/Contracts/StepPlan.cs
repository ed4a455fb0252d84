namespace KnapsackCloud.Core.Contracts;

/// <summary>
/// What a step will roll out, and why. A step is planned round by round, each round's plan written once before any of its work is
/// sent; stages read those there are as one (<c>StepPlans.Merge</c>).
/// </summary>
public sealed record StepPlan
{
    public int Format { get; init; } = MessageFormat.Current;
    public required int Step { get; init; }
    /// <summary>From 1; of a merged plan the last one.</summary>
    public int Round { get; init; } = 1;
    /// <summary>No round follows: once its work is there, the step is whole.</summary>
    public bool IsLast { get; init; } = true;
    /// <summary>The policy that generates this step's rollouts.</summary>
    public required PolicyVersion Policy { get; init; }
    /// <summary>Name of the allocation policy.</summary>
    public required string AllocationPolicy { get; init; }
    /// <summary>Value per cost that a rollout had to be worth, where a price runs over the whole run's budget; else null.</summary>
    public double? Price { get; init; }
    /// <summary>Tasks with a rollout in this round or an earlier one. Empty on the closing step, which only evaluates.</summary>
    public required IReadOnlyList<TaskAllocation> Allocations { get; init; }
    public required PlanCertificate Certificate { get; init; }
    public required IReadOnlyList<WorkItem> Items { get; init; }
}

/// <summary>Rollouts of one task in a round, or in all of a merged plan. <paramref name="Value"/> is what the policy expects them to teach, <paramref name="Cost"/> what one rollout costs in the budget's unit; the predictions are for the group as a whole.</summary>
public sealed record TaskAllocation(TaskId Task, int Rollouts, double Value, double Cost, double PredictedSuccessRate, double PredictedMixed);

/// <summary>Proof of how good an allocation is: no allocation within the budget has a value above <paramref name="UpperBound"/>.</summary>
/// <param name="Gap">(UpperBound - Objective) / UpperBound, 0 when both are 0.</param>
public sealed record PlanCertificate(double Budget, double Spent, double Objective, double UpperBound, double Gap);

public enum WorkPurpose { Training, Evaluation }

/// <summary>What one worker does under one lease. The id names the message and the blob, so redelivery is safe.</summary>
public sealed record WorkItem(string Id, WorkPurpose Purpose, IReadOnlyList<GroupChunk> Chunks, double PredictedTokens)
{
    /// <summary>Of the step's rounds the one that planned it, from 1.</summary>
    public int Round { get; init; } = 1;

    public int Rollouts => Chunks.Sum(chunk => chunk.Count);
}

/// <summary>The part of a group in one work item: rollouts [First, First + Count) of the task.</summary>
public sealed record GroupChunk(TaskId Task, int First, int Count);
