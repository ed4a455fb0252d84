using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Functions.Dashboard;

/// <summary>A step's plan with the work items that hold each task's group. Immutable.</summary>
internal sealed class PlanIndex(StepPlan plan)
{
    private readonly Dictionary<TaskId, TaskAllocation> _allocations = plan.Allocations.ToDictionary(one => one.Task);
    private readonly ILookup<TaskId, string> _items = plan.Items.Where(item => item.Purpose == WorkPurpose.Training)
        .SelectMany(item => item.Chunks.Select(chunk => (chunk.Task, item.Id))).Distinct().ToLookup(pair => pair.Task, pair => pair.Id);

    public StepPlan Plan => plan;

    /// <summary>Null when the plan does not have the task.</summary>
    public TaskAllocation? Find(TaskId task) => _allocations.GetValueOrDefault(task);

    /// <summary>Training items of which a chunk belongs to the task's group.</summary>
    public IReadOnlyList<string> ItemsOf(TaskId task) => [.. _items[task]];
}

/// <summary>The plans looked at last.</summary>
internal sealed class PlanIndexes(RunBlobs blobs)
{
    /// <summary>A plan of 100,000 tasks is some 50 MB here.</summary>
    private const int Kept = 4;
    private readonly StepCache<PlanIndex> _cache = new(Kept);

    /// <summary>The step's rounds as one; null when it is not planned yet.</summary>
    public Task<PlanIndex?> ReadAsync(RunId run, int step, CancellationToken cancellation) => _cache.ReadAsync(run, step, async () =>
        await blobs.ReadPlanAsync(run, step, cancellation) is { } plan ? (new PlanIndex(plan), plan.IsLast) : (null, false));
}
