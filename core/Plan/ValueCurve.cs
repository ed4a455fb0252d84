using System.Runtime.CompilerServices;

namespace KnapsackCloud.Core.Plan;

/// <summary>
/// What the rollouts of one task are worth, as a function of their number n. The worth of rollout n+1 is the sum of two
/// falling series, one for the chance that the group was all right so far and one that it was all wrong:
/// success(n+1) = success(n) (a + k n) / (c + k n), and alike for failure with b. Every ratio is at most 1 and every
/// term positive, so sums and products keep full precision for any counts, and the marginals fall in floating point too.
/// </summary>
public readonly struct ValueCurve
{
    private readonly double _success, _failure, _successRatio, _failureRatio, _denominator, _slope;

    private ValueCurve(int worthless, double success, double failure, double successRatio, double failureRatio, double denominator, double slope)
    {
        (Worthless, _success, _failure) = (worthless, success, failure);
        (_successRatio, _failureRatio, _denominator, _slope) = (successRatio, failureRatio, denominator, slope);
    }

    /// <summary>Rollouts at the start that are worth nothing alone: 1 for a new group, as a group of one has no gradient; else 0.</summary>
    public int Worthless { get; }

    /// <summary>Of a group that is mixed already: no further rollout adds to the value.</summary>
    public static ValueCurve Nothing { get; } = new(0, 0, 0, 0, 0, 1, 0);

    /// <summary>
    /// The paper's value at a known success rate p, with q = 1 - p: V(n) = (1 - p^n - q^n) p q^2 (arXiv 2509.25849); its
    /// marginal is p q^2 (p^n q + q^n p).
    /// </summary>
    public static ValueCurve Point(double successRate)
    {
        double p = successRate, q = 1 - p, first = p * q * q * p * q;
        return new ValueCurve(1, first, first, p, q, 1, 0);
    }

    /// <summary>
    /// The value's mean under p ~ Beta(a, b): V(n) = E[p q^2] - E[p^(n+1) q^2] - E[p q^(n+2)], with the marginal
    /// E[p^(n+1) q^3] + E[p^2 q^(n+2)]; both series start at E[p^2 q^3].
    /// </summary>
    public static ValueCurve Posterior(double a, double b)
    {
        var first = Moment(a, b, 2, 3);
        return new ValueCurve(1, first, first, a + 2, b + 3, a + b + 5, 1);
    }

    /// <summary>
    /// The value of n more rollouts of a group that has some already, under the posterior Beta(a, b) that counts them:
    /// E[p q^2 (1 - p^n)] after successes only, E[p q^2 (1 - q^n)] after failures only, and 0 once the group is mixed.
    /// </summary>
    public static ValueCurve Continued(double a, double b, int successes, int failures) => (successes > 0, failures > 0) switch
    {
        (true, true) => Nothing,
        (true, false) => new ValueCurve(0, Moment(a, b, 1, 3), 0, a + 1, 0, a + b + 4, 1),
        (false, true) => new ValueCurve(0, 0, Moment(a, b, 2, 2), 0, b + 2, a + b + 4, 1),
        _ => Posterior(a, b),
    };

    /// <summary>As <see cref="Continued"/>, at a known success rate.</summary>
    public static ValueCurve PointContinued(double successRate, int successes, int failures)
    {
        double p = successRate, q = 1 - p, gain = p * q * q;
        return (successes > 0, failures > 0) switch
        {
            (true, true) => Nothing,
            (true, false) => new ValueCurve(0, gain * q, 0, p, 0, 1, 0),
            (false, true) => new ValueCurve(0, 0, gain * p, 0, q, 1, 0),
            _ => Point(p),
        };
    }

    /// <summary>Chance 1 - p^n - q^n that n rollouts are mixed, at a known success rate.</summary>
    public static ValueCurve MixedPoint(double successRate)
    {
        double p = successRate, q = 1 - p;
        return new ValueCurve(1, p * q, p * q, p, q, 1, 0);
    }

    /// <summary>Chance 1 - E[p^n] - E[q^n] that n rollouts are mixed, under p ~ Beta(a, b).</summary>
    public static ValueCurve MixedPosterior(double a, double b)
    {
        var first = Moment(a, b, 1, 1);
        return new ValueCurve(1, first, first, a + 1, b + 1, a + b + 2, 1);
    }

    /// <summary>As <see cref="MixedContinued"/>, at a known success rate.</summary>
    public static ValueCurve MixedPointContinued(double successRate, int successes, int failures) => (successes > 0, failures > 0) switch
    {
        (true, true) => Nothing,
        (true, false) => new ValueCurve(0, 1 - successRate, 0, successRate, 0, 1, 0),
        (false, true) => new ValueCurve(0, 0, successRate, 0, 1 - successRate, 1, 0),
        _ => MixedPoint(successRate),
    };

    /// <summary>Chance that n more rollouts make a uniform group mixed, under the posterior Beta(a, b) that counts those it has.</summary>
    public static ValueCurve MixedContinued(double a, double b, int successes, int failures) => (successes > 0, failures > 0) switch
    {
        (true, true) => Nothing,
        (true, false) => new ValueCurve(0, Moment(a, b, 0, 1), 0, a, 0, a + b + 1, 1),
        (false, true) => new ValueCurve(0, 0, Moment(a, b, 1, 0), 0, b, a + b + 1, 1),
        _ => MixedPosterior(a, b),
    };

    /// <summary>V(n): the worth of n rollouts, n at least 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double Total(int n)
    {
        double success = _success, failure = _failure, step = 0, total = 0;
        for (var i = Worthless; i < n; i++)
        {
            total += success + failure;
            Advance(ref success, ref failure, ref step);
        }

        return total;
    }

    /// <summary>V(n+1) - V(n), n at least 0.</summary>
    public double Marginal(int n)
    {
        if (n < Worthless)
            return 0;
        double success = _success, failure = _failure, step = 0;
        for (var i = Worthless; i < n; i++)
            Advance(ref success, ref failure, ref step);
        return success + failure;
    }

    /// <summary>
    /// The count from <paramref name="min"/> to <paramref name="max"/> at which the next rollout is worth
    /// <paramref name="threshold"/> or less. With <paramref name="opening"/> above 0 the choice is between no rollout and at
    /// least that many, which together must be worth more than the threshold each.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal int CountAbove(double threshold, int min, int max, int opening)
    {
        if (max <= min)
            return min;
        var start = opening > 0 ? opening : min;
        double success = _success, failure = _failure, step = 0, opened = 0;
        var n = Worthless;
        for (; n < start; n++)
        {
            opened += success + failure;
            Advance(ref success, ref failure, ref step);
        }

        if (opening > 0 && (max < opening || opened <= threshold * opening))
            return min;
        while (n < max && success + failure > threshold)
        {
            n++;
            Advance(ref success, ref failure, ref step);
        }

        return n;
    }

    /// <summary>E[p^j q^k] under Beta(a, b), from sums and products of positive terms: no gamma function, so no cancellation at large counts.</summary>
    private static double Moment(double a, double b, int j, int k)
    {
        double above = 1, below = 1, total = a + b;
        for (var i = 0; i < j; i++)
            above *= a + i;
        for (var i = 0; i < k; i++)
            above *= b + i;
        for (var i = 0; i < j + k; i++)
            below *= total + i;
        return above / below;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Advance(ref double success, ref double failure, ref double step)
    {
        var scale = 1 / (_denominator + step);
        success *= double.MinNative(1, (_successRatio + step) * scale);
        failure *= double.MinNative(1, (_failureRatio + step) * scale);
        step += _slope;
    }
}
