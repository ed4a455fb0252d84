using KnapsackCloud.Core.Collect;

namespace KnapsackCloud.Cli.Reporting;

/// <summary>A mean with its 95% Student interval; no interval for a single value.</summary>
internal sealed record Estimate(double Mean, double[]? Ci95)
{
    public static Estimate Of(IReadOnlyList<double> values)
    {
        if (values.Count < 2) return new Estimate(values[0], null);
        var (low, high) = StudentInterval.MeanInterval95(values);
        return new Estimate(values.Average(), [low, high]);
    }
}
