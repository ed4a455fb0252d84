namespace KnapsackCloud.Cli.Allocate;

/// <summary>
/// The multiple-choice knapsack as in a textbook: the best total value of the first tasks for every whole budget, and the count
/// that gave it. Time is tasks times budget times counts; the published implementation of arXiv 2509.25849 has this shape.
/// </summary>
internal static class TextbookKnapsack
{
    /// <param name="values">By task, the value of every count from <paramref name="min"/> on.</param>
    /// <param name="costs">Of one rollout of each task, whole.</param>
    /// <returns>Counts by task.</returns>
    public static int[] Solve(double[][] values, int[] costs, int min, int budget)
    {
        var best = new double[budget + 1];
        var choices = new ushort[values.Length][];
        for (var task = 0; task < values.Length; task++)
        {
            var next = new double[budget + 1];
            var choice = choices[task] = new ushort[budget + 1];
            for (var spent = 0; spent <= budget; spent++) next[spent] = Best(best, values[task], costs[task], min, spent, out choice[spent]);
            best = next;
        }

        return Trace(choices, costs, budget);
    }

    private static double Best(double[] before, double[] values, int cost, int min, int budget, out ushort choice)
    {
        var best = double.NegativeInfinity;
        choice = 0;
        for (var n = 0; n < values.Length && (min + n) * cost <= budget; n++)
        {
            var value = before[budget - ((min + n) * cost)] + values[n];
            if (value <= best) continue;
            (best, choice) = (value, (ushort)(min + n));
        }

        return best;
    }

    private static int[] Trace(ushort[][] choices, int[] costs, int budget)
    {
        var counts = new int[choices.Length];
        for (var task = choices.Length - 1; task >= 0; task--)
        {
            counts[task] = choices[task][budget];
            budget -= counts[task] * costs[task];
        }

        return counts;
    }
}
