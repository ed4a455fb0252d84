namespace KnapsackCloud.Core.Plan;

/// <summary>What a policy holds of one task's success rate: the curves that follow from it, and its mean.</summary>
internal readonly record struct Belief(ValueCurve Value, ValueCurve Mixed, double SuccessRate)
{
    /// <summary>The success rate is known to be <paramref name="rate"/>.</summary>
    public static Belief Point(double rate) => new(ValueCurve.Point(rate), ValueCurve.MixedPoint(rate), rate);

    /// <summary>Beta posterior: the discounted counts on top of <paramref name="priorStrength"/> pseudo-rollouts at the prior's mean.</summary>
    public static Belief Posterior(TaskEvidence task, double priorStrength)
    {
        var a = task.Successes + (task.PriorMean * priorStrength);
        var b = task.Failures + ((1 - task.PriorMean) * priorStrength);
        return new Belief(ValueCurve.Posterior(a, b), ValueCurve.MixedPosterior(a, b), a / (a + b));
    }
}
