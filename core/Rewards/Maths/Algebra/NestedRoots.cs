using KnapsackCloud.Core.Rewards.Maths.Numerics;
using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Algebra;

/// <summary>
/// Proof that a constant with nested square roots is zero, such as √(3+2√2) - 1 - √2. For D = A + B√R, the norm
/// A² - B²R is zero exactly when D or its conjugate A - B√R is, and the conjugate is told apart from zero in intervals.
/// </summary>
internal static class NestedRoots
{
    private const int MaxNesting = 4;

    /// <summary>True is a proof; false may only mean that no proof was found.</summary>
    public static bool IsZero(Polynomial value, Effort effort) => IsZero(value, MaxNesting, effort);

    private static bool IsZero(Polynomial value, int nesting, Effort effort)
    {
        if (ZeroTest.IsZero(value, effort))
            return true;
        // The longest key belongs to a root that no other root contains.
        var root = value.Atoms.OfType<RootAtom>().OrderByDescending(atom => atom.Key.Length).FirstOrDefault();
        if (root is null || nesting == 0 || Split(value, root, effort) is not { } parts)
            return false;
        var conjugate = parts.Without.Plus(parts.With.Times(Polynomial.Term(Monomial.Of(root, Half), -1), effort), effort);
        if (Value(conjugate, effort) is not { ContainsZero: false })
            return false;
        var square = parts.Without.Times(parts.Without, effort);
        var norm = square.Plus(parts.With.Times(parts.With, effort).Times(root.Radicand, effort).Negated(), effort);
        return IsZero(norm, nesting - 1, effort);
    }

    private static Rational Half => Rational.Create(1, 2)!.Value;

    // D = Without + With·√R; null when the root has another exponent than 1/2.
    private static (Polynomial Without, Polynomial With)? Split(Polynomial value, RootAtom root, Effort effort)
    {
        var (without, with) = (Polynomial.Zero, Polynomial.Zero);
        foreach (var (monomial, coefficient) in value.Terms)
        {
            var at = Array.FindIndex(monomial.Powers, power => power.Atom.Equals(root));
            if (at < 0)
                without = without.Plus(Polynomial.Term(monomial, coefficient), effort);
            else if (monomial.Powers[at].Exponent == Half)
                with = with.Plus(Polynomial.Term(monomial.Times(Monomial.Of(root, Half.Negated())), coefficient), effort);
            else
                return null;
        }
        return (without, with);
    }

    private static Interval? Value(Polynomial polynomial, Effort effort)
    {
        var sum = new Interval(0, 0);
        foreach (var (monomial, coefficient) in polynomial.Terms)
        {
            var term = Interval.Around(coefficient.ToDouble());
            foreach (var power in monomial.Powers)
            {
                effort.Spend();
                if (Value(power, effort) is not { } factor)
                    return null;
                term *= factor;
            }
            sum += term;
        }
        return sum;
    }

    private static Interval? Value(AtomPower power, Effort effort)
    {
        var @base = power.Atom switch
        {
            PrimeAtom prime => Interval.Around((double)prime.Value),
            RootAtom root => Value(root.Radicand, effort),
            ConstantAtom { Key: "π" } => NumericEvaluator.Pi,
            ConstantAtom => Interval.Around(Math.E),
            _ => null,
        };
        return @base is { Low: > 0 } positive
            ? (positive.Increasing(Math.Log) * Interval.Around(power.Exponent.ToDouble())).Increasing(Math.Exp)
            : null;
    }
}
