using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Collect;

/// <summary>What came of a work item: its rollouts, or null when it ended in a terminal marker.</summary>
public sealed record ItemResult<TRollout>(WorkItem Item, IReadOnlyList<TRollout>? Rollouts) where TRollout : IRollout;

/// <summary>Joins the chunks of a step's work items into groups, checking that every planned rollout is there exactly once.</summary>
public static class GroupJoin
{
    /// <summary>Groups of one purpose: training in the order of the plan's allocations, evaluation in task order.</summary>
    /// <exception cref="InvalidDataException">A blob does not hold exactly the rollouts its item was planned with.</exception>
    public static IReadOnlyList<TaskGroup<TRollout>> Join<TRollout>(StepPlan plan, IReadOnlyList<ItemResult<TRollout>> results, WorkPurpose purpose) where TRollout : IRollout
    {
        var ofPurpose = results.Where(result => result.Item.Purpose == purpose).ToList();
        foreach (var result in ofPurpose) CheckIdentities(plan, result);
        var arrived = ofPurpose.SelectMany(result => result.Rollouts ?? []).ToLookup(rollout => rollout.Task);
        var places = plan.Allocations.Select((allocation, place) => (allocation.Task, place)).ToDictionary(pair => pair.Task, pair => pair.place);
        return [.. ofPurpose.SelectMany(result => result.Item.Chunks).GroupBy(chunk => chunk.Task)
            .OrderBy(chunks => purpose == WorkPurpose.Training ? places[chunks.Key] : 0).ThenBy(chunks => chunks.Key)
            .Select(chunks => Joined(chunks.Key, chunks.Sum(chunk => chunk.Count), arrived[chunks.Key]))];
    }

    private static TaskGroup<TRollout> Joined<TRollout>(TaskId task, int planned, IEnumerable<TRollout> arrived) where TRollout : IRollout
    {
        var group = new TaskGroup<TRollout>(task, planned, [.. arrived.OrderBy(rollout => rollout.Index)]);
        for (var i = 1; i < group.Arrived.Count; i++)
        {
            if (group.Arrived[i].Index == group.Arrived[i - 1].Index)
                throw new InvalidDataException($"rollout {group.Arrived[i].Index} of task {task} is planned in two work items");
        }
        return group;
    }

    private static void CheckIdentities<TRollout>(StepPlan plan, ItemResult<TRollout> result) where TRollout : IRollout
    {
        if (result.Rollouts is not { } rollouts) return;
        var planned = result.Item.Chunks.SelectMany(chunk => Enumerable.Range(chunk.First, chunk.Count).Select(index => (chunk.Task, index)));
        var arrived = rollouts.Select(rollout => (rollout.Task, rollout.Index));
        if (rollouts.Any(rollout => rollout.Policy != plan.Policy) || !planned.Order().SequenceEqual(arrived.Order()))
            throw new InvalidDataException($"the blob of work item {result.Item.Id} in step {plan.Step} does not hold the rollouts that were planned; it was changed or belongs elsewhere");
    }
}
