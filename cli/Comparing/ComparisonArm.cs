using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Core.Collect;

namespace KnapsackCloud.Cli.Comparing;

/// <summary>What one run of a comparison came to.</summary>
internal sealed record ArmRun(ulong Seed, double Final, double EffectiveGradientRatio, double EffectivePromptRatio, double Seconds, IReadOnlyList<(double Rollouts, double Accuracy)> Curve)
{
    public static ArmRun Of(RunHistory history)
    {
        var spent = new Dictionary<int, double> { [0] = 0 };
        foreach (var step in history.TrainingSteps) spent[step.Step] = spent[step.Step - 1] + step.Rollouts;
        return new ArmRun(
            history.Spec.Seed,
            history.Evaluations[^1].Evaluation.MeanReward,
            history.Status.Totals.EffectiveGradientRatio,
            history.Status.Totals.EffectivePromptRatio,
            history.Timings.Sum(timing => timing.Total),
            [.. history.Evaluations.Select(evaluation => (spent[evaluation.Version], evaluation.Evaluation.MeanReward))]);
    }

    /// <summary>Rollouts until the accuracy first reaches the target, interpolated between evaluations; null when it never does.</summary>
    public double? RolloutsTo(double target)
    {
        if (Curve[0].Accuracy >= target) return Curve[0].Rollouts;
        for (var i = 1; i < Curve.Count; i++)
        {
            var (before, after) = (Curve[i - 1], Curve[i]);
            if (after.Accuracy < target) continue;
            return before.Rollouts + (after.Rollouts - before.Rollouts) * (target - before.Accuracy) / (after.Accuracy - before.Accuracy);
        }

        return null;
    }
}

/// <summary>A policy over all seeds.</summary>
internal sealed record ComparisonArm(string Policy, string Loss, double LearningRate, IReadOnlyList<ArmRun> Runs)
{
    public Estimate Final => Estimate.Of([.. Runs.Select(run => run.Final)]);
    public Estimate EffectiveGradientRatio => Estimate.Of([.. Runs.Select(run => run.EffectiveGradientRatio)]);
    public Estimate EffectivePromptRatio => Estimate.Of([.. Runs.Select(run => run.EffectivePromptRatio)]);
    public Estimate Seconds => Estimate.Of([.. Runs.Select(run => run.Seconds)]);

    /// <summary>Over the seeds that reached the target, and how many did.</summary>
    public (Estimate? Rollouts, int Reached) RolloutsTo(double target)
    {
        var reached = Runs.Select(run => run.RolloutsTo(target)).OfType<double>().ToList();
        return (reached.Count == 0 ? null : Estimate.Of(reached), reached.Count);
    }
}

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

/// <summary>Difference a - b over matched seeds.</summary>
internal sealed record PairedDifference(string A, string B, string Metric, double Difference, double[]? Ci95, int Wins, int Of)
{
    public static PairedDifference Between(ComparisonArm a, ComparisonArm b, string metric, Func<ArmRun, double> value)
    {
        var differences = a.Runs.Zip(b.Runs, (left, right) => value(left) - value(right)).ToList();
        var estimate = Estimate.Of(differences);
        return new PairedDifference(a.Policy, b.Policy, metric, estimate.Mean, estimate.Ci95, differences.Count(difference => difference > 0), differences.Count);
    }
}
