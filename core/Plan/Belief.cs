namespace KnapsackCloud.Core.Plan;

/// <summary>What a policy holds of one task's success rate, and the curves that follow from it.</summary>
internal readonly struct Belief
{
    private readonly double _a, _b;
    private readonly bool _known;

    private Belief(double a, double b, bool known) => (_a, _b, _known) = (a, b, known);

    public double SuccessRate => _known ? _a : _a / (_a + _b);

    public ValueCurve Value => _known ? ValueCurve.Point(_a) : ValueCurve.Posterior(_a, _b);

    public ValueCurve Mixed => _known ? ValueCurve.MixedPoint(_a) : ValueCurve.MixedPosterior(_a, _b);

    /// <summary>The success rate is known to be <paramref name="rate"/>.</summary>
    public static Belief Point(double rate) => new(rate, 0, known: true);

    /// <summary>Beta posterior: the discounted counts on top of <paramref name="priorStrength"/> pseudo-rollouts at the prior's mean.</summary>
    public static Belief Posterior(TaskEvidence task, double priorStrength) => new(
        task.Successes + (task.PriorMean * priorStrength),
        task.Failures + ((1 - task.PriorMean) * priorStrength),
        known: false);
}
