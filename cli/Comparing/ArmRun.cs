using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Core.Plan;

namespace KnapsackCloud.Cli.Comparing;

/// <summary>Held-out accuracy of a policy, and what had been spent on it. Evaluations are not counted, except in seconds.</summary>
/// <param name="Seconds">Wall clock of the run's process.</param>
internal sealed record CurvePoint(double Rollouts, double Tokens, double Seconds, double Accuracy);

/// <summary>A step of a run: what had been spent after it, what came out and what its plan expected.</summary>
internal sealed record ArmStep(double Rollouts, double EffectiveGradientRatio, double EffectivePromptRatio, double PredictedPromptRatio);

/// <summary>What one run of a comparison came to.</summary>
internal sealed record ArmRun(
    ulong Seed, double Final, double EffectiveGradientRatio, double EffectivePromptRatio, IReadOnlyList<CurvePoint> Curve, IReadOnlyList<ArmStep> Steps,
    IReadOnlyList<AllocationBuckets> Allocations)
{
    public double Rollouts => Curve[^1].Rollouts;
    public double Seconds => Curve[^1].Seconds;

    public static ArmRun Of(RunHistory history)
    {
        var timings = history.Timings.ToDictionary(timing => timing.Step, timing => timing.Total);
        var spent = new Dictionary<int, CurvePoint> { [0] = new(0, 0, 0, 0) };
        var last = spent[0];
        var steps = new List<ArmStep>();
        foreach (var step in history.TrainingSteps)
        {
            spent[step.Step] = last = new CurvePoint(last.Rollouts + step.Rollouts, last.Tokens + step.Tokens, last.Seconds + timings.GetValueOrDefault(step.Step), 0);
            steps.Add(new ArmStep(last.Rollouts, step.EffectiveGradientRatio, step.EffectivePromptRatio, step.Predicted.EffectivePromptRatio));
        }

        return new ArmRun(
            history.Spec.Seed,
            history.Evaluations[^1].Evaluation.MeanReward,
            history.Status.Totals.EffectiveGradientRatio,
            history.Status.Totals.EffectivePromptRatio,
            [.. history.Evaluations.Select(evaluation => spent[evaluation.Version] with { Accuracy = evaluation.Evaluation.MeanReward })],
            steps,
            history.Allocations);
    }

    /// <summary>What was spent until the accuracy first reached the target, interpolated between evaluations; null when it never did.</summary>
    public double? SpentTo(double target, Func<CurvePoint, double> spent)
    {
        if (Curve[0].Accuracy >= target) return spent(Curve[0]);
        for (var i = 1; i < Curve.Count; i++)
        {
            var (before, after) = (Curve[i - 1], Curve[i]);
            if (after.Accuracy < target) continue;
            return spent(before) + ((spent(after) - spent(before)) * (target - before.Accuracy) / (after.Accuracy - before.Accuracy));
        }

        return null;
    }

    /// <summary>Interpolated between evaluations; the last one beyond them.</summary>
    public double AccuracyAt(double rollouts)
    {
        for (var i = 1; i < Curve.Count; i++)
        {
            var (before, after) = (Curve[i - 1], Curve[i]);
            if (after.Rollouts < rollouts) continue;
            return before.Accuracy + ((after.Accuracy - before.Accuracy) * (rollouts - before.Rollouts) / Math.Max(1, after.Rollouts - before.Rollouts));
        }

        return Final;
    }
}
