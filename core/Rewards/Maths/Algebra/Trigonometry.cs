using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Algebra;

/// <summary>Exact sines and cosines of rational multiples of π, and what follows from them.</summary>
internal static class Trigonometry
{
    private const int StepsPerTurn = 120;

    /// <summary>The angle in turns of π when the monomial is i·π, else null: e^(iπr) lies on the unit circle.</summary>
    public static Rational? AngleOf(Monomial monomial, Rational coefficient) =>
        monomial.Powers is [{ Atom: ImaginaryAtom }, { Atom: ConstantAtom { Key: "π" } } pi] && pi.Exponent == Rational.One ? coefficient : null;

    /// <summary>cos(πr) + i sin(πr).</summary>
    public static RationalFunction OnUnitCircle(Rational angle, Effort effort)
    {
        var sine = SineOf(angle, effort) ?? throw new UndecidedException();
        var cosine = SineOf(angle.Plus(Half) ?? throw new UndecidedException(), effort) ?? throw new UndecidedException();
        return cosine.Plus(sine.Times(RationalFunction.Of(ImaginaryAtom.Unit), effort), effort);
    }

    /// <summary>sin(πr) in roots, or null when r is not a multiple of 1/60 with a simple sine.</summary>
    public static RationalFunction? SineOf(Rational angle, Effort effort)
    {
        if (angle.Times(StepsPerTurn / 2) is not { IsInteger: true } steps)
            return null;
        var step = (int)(((steps.Numerator % StepsPerTurn) + StepsPerTurn) % StepsPerTurn);
        var negative = step >= StepsPerTurn / 2;
        step %= StepsPerTurn / 2;
        step = Math.Min(step, (StepsPerTurn / 2) - step);
        return FirstQuadrant(step, effort) is not { } sine ? null : negative ? sine.Negated() : sine;
    }

    /// <summary>The r in [-1/2, 1/2] with sin(πr) equal to the value, or null.</summary>
    public static Rational? ArcSine(RationalFunction value, Effort effort)
    {
        for (var step = 0; step <= StepsPerTurn / 4; step++)
        {
            if (FirstQuadrant(step, effort) is not { } sine)
                continue;
            if (ZeroTest.AreEqual(sine, value, effort))
                return Rational.Create(step, StepsPerTurn / 2);
            if (ZeroTest.AreEqual(sine.Negated(), value, effort))
                return Rational.Create(-step, StepsPerTurn / 2);
        }
        return null;
    }

    /// <summary>The r in (-1/2, 1/2) with tan(πr) equal to the value, or null.</summary>
    public static Rational? ArcTangent(RationalFunction value, Effort effort)
    {
        // tan = t means sin = t/√(1+t²).
        var hypotenuse = Powers.Raise(RationalFunction.One.Plus(value.Times(value, effort), effort), RationalFunction.Constant(Half), effort);
        return ArcSine(value.Times(hypotenuse.Inverse(effort), effort), effort);
    }

    private static Rational Half => Rational.Create(1, 2)!.Value;

    // Steps of 3 degrees from 0 to 90; multiples of 15 and 18 degrees and of 22.5 have simple roots.
    private static RationalFunction? FirstQuadrant(int step, Effort effort) => (step * 3) switch
    {
        0 => RationalFunction.Zero,
        15 => Combine(effort, (1, 4, 6), (-1, 4, 2)),
        18 => Combine(effort, (1, 4, 5), (-1, 4, 1)),
        30 => Combine(effort, (1, 2, 1)),
        45 => Combine(effort, (1, 2, 2)),
        54 => Combine(effort, (1, 4, 5), (1, 4, 1)),
        60 => Combine(effort, (1, 2, 3)),
        75 => Combine(effort, (1, 4, 6), (1, 4, 2)),
        90 => RationalFunction.One,
        36 => Nested(effort, 10, -2),
        72 => Nested(effort, 10, 2),
        _ => null,
    };

    // Σ a/b √n
    private static RationalFunction Combine(Effort effort, params ReadOnlySpan<(int Top, int Bottom, int Radicand)> terms)
    {
        var sum = RationalFunction.Zero;
        foreach (var (top, bottom, radicand) in terms)
        {
            var root = Powers.Raise(RationalFunction.Constant(radicand), RationalFunction.Constant(Half), effort);
            sum = sum.Plus(root.Times(Rational.Create(top, bottom)!.Value), effort);
        }
        return sum;
    }

    // √(a + b√5) / 4
    private static RationalFunction Nested(Effort effort, int whole, int root) =>
        Powers.Raise(Combine(effort, (whole, 1, 1), (root, 1, 5)), RationalFunction.Constant(Half), effort).Times(Rational.Create(1, 4)!.Value);
}
