namespace KnapsackCloud.Core.Collect;

/// <summary>Student's t interval of a mean: honest for the handful of seeds an experiment has, where a bootstrap is too narrow.</summary>
public static class StudentInterval
{
    private const double Normal975 = 1.959963984540054;

    /// <summary>95% interval of the mean of at least two independent values.</summary>
    public static (double Low, double High) MeanInterval95(IReadOnlyList<double> values)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Count, 2);
        var mean = values.Average();
        var variance = values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1);
        var half = Quantile975(values.Count - 1) * Math.Sqrt(variance / values.Count);
        return (mean - half, mean + half);
    }

    /// <summary>97.5% quantile of the t distribution: closed forms for 1 and 2 degrees of freedom, else the expansion of Abramowitz and Stegun 26.7.5 (within 0.5%).</summary>
    internal static double Quantile975(int degrees)
    {
        if (degrees == 1) return Math.Tan(Math.PI * 0.475);
        const double alpha = 4 * 0.975 * 0.025;
        if (degrees == 2) return 0.95 * Math.Sqrt(2 / alpha);
        double z = Normal975, z2 = z * z, n = degrees;
        return z
            + z * (z2 + 1) / (4 * n)
            + z * (5 * z2 * z2 + 16 * z2 + 3) / (96 * n * n)
            + z * (3 * z2 * z2 * z2 + 19 * z2 * z2 + 17 * z2 - 15) / (384 * n * n * n)
            + z * (79 * Math.Pow(z2, 4) + 776 * Math.Pow(z2, 3) + 1482 * z2 * z2 - 1920 * z2 - 945) / (92160 * n * n * n * n);
    }
}
