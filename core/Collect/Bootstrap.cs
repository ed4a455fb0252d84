using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Collect;

/// <summary>Percentile bootstrap of a mean (Efron 1979): resamples the values with replacement from a fixed seed.</summary>
public static class Bootstrap
{
    private const int Resamples = 2_000;

    /// <summary>95% interval of the mean; both ends are the value itself when there is only one.</summary>
    public static (double Low, double High) MeanInterval95(ReadOnlySpan<double> values, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfZero(values.Length);
        var random = new CounterRandom(seed);
        var means = new double[Resamples];
        for (var i = 0; i < Resamples; i++)
        {
            var sum = 0.0;
            for (var j = 0; j < values.Length; j++) sum += values[(int)random.Next(values.Length)];
            means[i] = sum / values.Length;
        }

        Array.Sort(means);
        return (means[(int)(0.025 * Resamples)], means[(int)(0.975 * Resamples) - 1]);
    }
}
