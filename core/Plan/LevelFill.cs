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

    /// <summary>One step for each task of the level; where not all fit, for those first in id order that do. A step that does not fit now never will.</summary>
    private Int128 Raise(List<int> level, int[] limits, Int128 remainder)
    {
        Int128 total = 0;
        long least = long.MaxValue, most = 0;
        foreach (var task in level)
        {
            var step = StepCost(task);
            (total, least, most) = (total + step, Math.Min(least, step), Math.Max(most, step));
        }

        if (remainder < least)
            return remainder;
        if (remainder < total)
            PutFirstInIdOrder(CollectionsMarshal.AsSpan(level), least == most ? (int)(remainder / least) : level.Count);
        foreach (var task in level)
        {
            var step = StepCost(task);
            if (step > remainder)
                continue;
            remainder -= step;
            counts[task] = items[task].Next(counts[task]);
            Wait(task, limits);
        }

        return remainder;
    }

    private long StepCost(int task) => cost(task) * (items[task].Next(counts[task]) - counts[task]);

    /// <summary>Of a million equal tasks only the first few are wanted: selecting them is linear, sorting all is not.</summary>
    private void PutFirstInIdOrder(Span<int> tasks, int wanted)
    {
        if (wanted < tasks.Length)
            Selection.Smallest(tasks, wanted, ById);
        else
            tasks.Sort(ById);
    }

    private int ById(int left, int right) => id(left).CompareTo(id(right));
}
