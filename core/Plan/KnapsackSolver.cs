using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Plan;

/// <summary>Counts per item, in the order of the items, and what proves them.</summary>
/// <param name="Price">Worth per cost below which no rollout was bought; 0 when everything of any worth was.</param>
/// <param name="Remainder">Unspent budget, in the cost units of the solve.</param>
/// <param name="Slack">No choice of counts is worth more than these by more than this.</param>
internal sealed record KnapsackSolution(int[] Counts, double Price, Int128 Remainder, double Slack);

/// <summary>
/// Maximises the total value within the budget. The values are concave, so the solution is a threshold on worth per cost
/// (the Lagrangian's price): exact at equal costs, where ties go to the task with fewer rollouts and then by task id. At
/// unequal costs, or where a task is all or nothing, the last rollout may not fit; the price's dual value bounds what that
/// costs, and a search over the tasks nearest to the price closes most or all of it. Memory is linear in the tasks.
/// </summary>
internal static class KnapsackSolver
{
    /// <param name="id">Of an item; distinct.</param>
    /// <param name="units">At least the cost of every item's minimum is in its budget.</param>
    public static KnapsackSolution Solve(KnapsackItem[] items, Func<int, TaskId> id, CostUnits units)
    {
        if (Cost(units, items.Length, i => items[i].Most) <= units.Budget)
            return Everything(items, units);
        var search = new PriceSearch(items, units.Of, units.Budget);
        var counts = search.AtHigh.AsSpan().ToArray();
        var left = units.Budget - Cost(units, counts.Length, i => counts[i]);
        if (search.Price > 0)
            left = new LevelFill(items, units.Of, id, counts).Spend(search.Tied.ToArray(), search.AtLow, left);
        var solution = new KnapsackSolution(counts, search.Price, left, search.Price * units.ToCost(left));
        return solution.Slack > 0 ? KnapsackCore.Improve(items, id, units, solution) : solution;
    }

    private static KnapsackSolution Everything(KnapsackItem[] items, CostUnits units)
    {
        var counts = new int[items.Length];
        Chunked.For(items.Length, (first, end) =>
        {
            for (var i = first; i < end; i++)
                counts[i] = items[i].CountAbove(0);
        });
        return new KnapsackSolution(counts, 0, units.Budget - Cost(units, counts.Length, i => counts[i]), 0);
    }

    private static Int128 Cost(CostUnits units, int tasks, Func<int, int> count) => Chunked.Sum(tasks, (first, end) =>
    {
        Int128 sum = 0;
        for (var i = first; i < end; i++)
            sum += (Int128)units.Of(i) * count(i);
        return sum;
    });
}
