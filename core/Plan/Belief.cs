namespace KnapsackCloud.Core.Plan;

/// <summary>What a policy holds of one task: its success rate, known or a Beta posterior, and its rollouts in this step so far.</summary>
internal readonly struct Belief
{
    private readonly double _a, _b;
    private readonly bool _known;
    private readonly int _successes, _failures;

    private Belief(double a, double b, bool known, TaskEvidence task)
    {
        (_a, _b, _known) = (a, b, known);
        (_successes, _failures) = (task.RolledSuccesses, task.RolledFailures);
    }

    public double SuccessRate => _known ? _a : _a / (_a + _b);

    /// <summary>What further rollouts are worth.</summary>
    public ValueCurve Value => _known ? ValueCurve.PointContinued(_a, _successes, _failures) : ValueCurve.Continued(_a, _b, _successes, _failures);

    /// <summary>Chance that the group is mixed with <paramref name="further"/> rollouts.</summary>
    public double Mixed(int further)
    {
        if (_successes > 0 && _failures > 0) return 1;
        var curve = _known ? ValueCurve.MixedPointContinued(_a, _successes, _failures) : ValueCurve.MixedContinued(_a, _b, _successes, _failures);
        return curve.Total(further);
    }

    /// <summary>The success rate is known to be <paramref name="rate"/>.</summary>
    public static Belief Point(TaskEvidence task, double rate) => new(rate, 0, known: true, task);

    /// <summary>Beta posterior: all outcomes on top of <paramref name="priorStrength"/> pseudo-rollouts at the prior's mean.</summary>
    public static Belief Posterior(TaskEvidence task, double priorStrength) => new(
        task.Successes + task.RolledSuccesses + (task.PriorMean * priorStrength),
        task.Failures + task.RolledFailures + ((1 - task.PriorMean) * priorStrength),
        known: false,
        task);
}
