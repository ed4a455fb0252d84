namespace KnapsackCloud.Core.Contracts;

/// <summary>What a step will roll out, and why: written once, before any work is sent.</summary>
public sealed record StepPlan
{
    public int Format { get; init; } = MessageFormat.Current;
    public required int Step { get; init; }
    /// <summary>The policy that generates this step's rollouts.</summary>
    public required PolicyVersion Policy { get; init; }
    /// <summary>Name of the allocation policy.</summary>
    public required string AllocationPolicy { get; init; }
    /// <summary>Empty on the closing step, which only evaluates.</summary>
    public required IReadOnlyList<TaskAllocation> Allocations { get; init; }
    public required PlanCertificate Certificate { get; init; }
    public required IReadOnlyList<WorkItem> Items { get; init; }
}

/// <summary>Rollouts of one task in a step. <paramref name="Value"/> is what the policy expects them to teach, <paramref name="Cost"/> what one rollout costs in the budget's unit.</summary>
public sealed record TaskAllocation(TaskId Task, int Rollouts, double Value, double Cost, double PredictedSuccessRate, double PredictedMixed);

/// <summary>Proof of how good an allocation is: no allocation within the budget has a value above <paramref name="UpperBound"/>.</summary>
/// <param name="Gap">(UpperBound - Objective) / UpperBound, 0 when both are 0.</param>
public sealed record PlanCertificate(double Budget, double Spent, double Objective, double UpperBound, double Gap);

public enum WorkPurpose { Training, Evaluation }

/// <summary>What one worker does under one lease. The id names the message and the blob, so redelivery is safe.</summary>
public sealed record WorkItem(string Id, WorkPurpose Purpose, IReadOnlyList<GroupChunk> Chunks, double PredictedTokens)
{
    public int Rollouts => Chunks.Sum(chunk => chunk.Count);
}

/// <summary>The part of a group in one work item: rollouts [First, First + Count) of the task.</summary>
public sealed record GroupChunk(TaskId Task, int First, int Count);
