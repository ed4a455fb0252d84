using System.Runtime.InteropServices;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Plan;

/// <summary>
/// Spends a remainder on tasks between which the value sees no difference: the task with the fewest rollouts first, then by
/// task id, so that the order of the input does not matter.
/// </summary>
internal sealed class LevelFill(KnapsackItem[] items, Func<int, long> cost, Func<int, TaskId> id, int[] counts)
{
    private readonly SortedDictionary<int, List<int>> _levels = [];

    /// <summary>Raises counts of <paramref name="tasks"/> up to <paramref name="limits"/> (by task) while it fits.</summary>
    /// <returns>What is left of <paramref name="remainder"/>.</returns>
    public Int128 Spend(IEnumerable<int> tasks, int[] limits, Int128 remainder)
    {
        foreach (var task in tasks)
            Wait(task, limits);
        while (_levels.Count > 0)
        {
            var (height, level) = _levels.First();
            _levels.Remove(height);
            remainder = Raise(level, limits, remainder);
        }

        return remainder;
    }

    private void Wait(int task, int[] limits)
    {
        if (items[task].Next(counts[task]) > limits[task])
            return;
        if (!_levels.TryGetValue(counts[task], out var level))
            _levels.Add(counts[task], level = []);
        level.Add(task);
    }

    /// <summary>One step for each task of the level; where not all fit, for the first in id order, and there it ends.</summary>
    private Int128 Raise(List<int> level, int[] limits, Int128 remainder)
    {
        var tasks = CollectionsMarshal.AsSpan(level);
        Int128 total = 0;
        foreach (var task in tasks)
            total += StepCost(task);
        var fitting = remainder >= total ? tasks.Length : Selection.Prefix(tasks, remainder, StepCost, ById);
        foreach (var task in tasks[..fitting])
        {
            remainder -= StepCost(task);
            counts[task] = items[task].Next(counts[task]);
            Wait(task, limits);
        }

        if (fitting < tasks.Length)
            _levels.Clear();
        return remainder;
    }

    private long StepCost(int task) => cost(task) * (items[task].Next(counts[task]) - counts[task]);

    private int ById(int left, int right) => id(left).CompareTo(id(right));
}
