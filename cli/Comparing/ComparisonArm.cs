using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Core.Collect;

namespace KnapsackCloud.Cli.Comparing;

/// <summary>An arm over all seeds.</summary>
internal sealed record ComparisonArm(string Policy, string Loss, double LearningRate, IReadOnlyList<ArmRun> Runs)
{
    public Estimate Of(Func<ArmRun, double> metric) => Estimate.Of([.. Runs.Select(metric)]);

    /// <summary>Over the seeds that reached the target, and how many did.</summary>
    public (Estimate? Spent, int Reached) SpentTo(double target, Func<CurvePoint, double> spent)
    {
        var reached = Runs.Select(run => run.SpentTo(target, spent)).OfType<double>().ToList();
        return (reached.Count == 0 ? null : Estimate.Of(reached), reached.Count);
    }
}

/// <summary>Difference a - b over matched seeds, those where both have the metric.</summary>
/// <param name="Ci95">Student's.</param>
/// <param name="Bootstrap95">Of the percentile bootstrap, which is too narrow for a handful of seeds.</param>
/// <param name="Wins">Seeds where a is above b.</param>
internal sealed record PairedDifference(string A, string B, string Loss, string Metric, double Difference, double[]? Ci95, double[]? Bootstrap95, int Wins, int Of)
{
    private const ulong BootstrapSeed = 1;

    /// <returns>Null when no seed has the metric in both arms.</returns>
    public static PairedDifference? Between(ComparisonArm a, ComparisonArm b, string metric, Func<ArmRun, double?> value)
    {
        var differences = a.Runs.Zip(b.Runs, (left, right) => value(left) - value(right)).OfType<double>().ToList();
        if (differences.Count == 0) return null;
        var estimate = Estimate.Of(differences);
        var bootstrap = differences.Count < 2 ? ((double Low, double High)?)null : Bootstrap.MeanInterval95(differences.ToArray(), BootstrapSeed);
        return new PairedDifference(
            a.Policy, b.Policy, a.Loss, metric, estimate.Mean, estimate.Ci95, bootstrap is { } interval ? [interval.Low, interval.High] : null,
            differences.Count(difference => difference > 0), differences.Count);
    }
}
