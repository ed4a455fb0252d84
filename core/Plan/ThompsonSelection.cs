using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Plan;

/// <summary>
/// Thompson sampling as in MoPPS (arXiv 2507.04632): a success rate is drawn from each task's Beta posterior, and the step takes
/// the tasks whose draw comes nearest to <see cref="Target"/>. Uncertain tasks are tried now and then; known ones of middling
/// difficulty often.
/// </summary>
public static class ThompsonSelection
{
    /// <summary>Success rate at which a group is most often mixed.</summary>
    public const double Target = 0.5;

    /// <summary>Pure: the draw of a task is a function of seed and task id alone, so the order of the pool does not matter.</summary>
    /// <param name="seed">Of the run and step.</param>
    /// <returns>Positions of <paramref name="count"/> tasks, nearest first.</returns>
    public static int[] Select(ulong seed, IReadOnlyList<TaskEvidence> pool, double priorStrength, int count)
    {
        var distances = new double[pool.Count];
        Chunked.For(pool.Count, (first, end) =>
        {
            for (var i = first; i < end; i++)
            {
                var task = pool[i];
                var random = new CounterRandom(Seeds.For(seed, $"thompson/{task.Task}"));
                var (a, b) = (task.Successes + (task.PriorMean * priorStrength), task.Failures + ((1 - task.PriorMean) * priorStrength));
                distances[i] = Math.Abs(Beta(ref random, a, b) - Target);
            }
        });
        var order = Enumerable.Range(0, pool.Count).ToArray();
        Array.Sort(order, (x, y) => distances[x] != distances[y] ? distances[x].CompareTo(distances[y]) : pool[x].Task.CompareTo(pool[y].Task));
        return order[..count];
    }

    /// <summary>Beta(a, b) as the ratio of two gammas.</summary>
    public static double Beta(ref CounterRandom random, double a, double b)
    {
        var (x, y) = (LogGamma(ref random, a), LogGamma(ref random, b));
        return 1 / (1 + Math.Exp(y - x));
    }

    /// <summary>
    /// Log of a Gamma(shape, 1) draw (Marsaglia and Tsang 2000); a shape below 1 is drawn one higher and scaled down by u^(1/shape), in
    /// logs because the result may be below the smallest double.
    /// </summary>
    private static double LogGamma(ref CounterRandom random, double shape)
    {
        var boost = shape < 1 ? Math.Log(1 - random.NextDouble()) / shape : 0;
        var d = (shape < 1 ? shape + 1 : shape) - (1.0 / 3);
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            var v = 1 + (c * normal);
            if (v <= 0) continue;
            v = v * v * v;
            if (Math.Log(1 - random.NextDouble()) < (0.5 * normal * normal) + d - (d * v) + (d * Math.Log(v))) return Math.Log(d * v) + boost;
        }
    }
}
