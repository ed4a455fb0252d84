using System.Numerics;
using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Algebra;

/// <summary>Brings a monomial's exponents into the range of each atom: i² = -1, 2^(3/2) = 2·2^(1/2), cos² = 1 - sin² ...</summary>
internal static class Reduction
{
    public static bool IsReduced(Monomial monomial)
    {
        foreach (var (atom, exponent) in monomial.Powers)
        {
            var inRange = atom switch
            {
                PrimeAtom or RootAtom => exponent.Sign > 0 && exponent.CompareTo(1) < 0,
                ImaginaryAtom => exponent == Rational.One,
                FunctionAtom { Sine: not null } => exponent.CompareTo(2) < 0 || !exponent.IsInteger,
                _ => true,
            };
            if (!inRange)
                return false;
        }
        return true;
    }

    /// <summary>The same value with every exponent in range.</summary>
    /// <exception cref="UndecidedException">A root would have to move into a denominator.</exception>
    public static Polynomial Reduce(Monomial monomial, Rational coefficient, Effort effort)
    {
        var kept = new List<AtomPower>();
        var factor = Polynomial.One;
        foreach (var power in monomial.Powers)
        {
            effort.Spend();
            var (rest, value, polynomial) = ReducePower(power, effort);
            if (!rest.IsZero)
                kept.Add(power with { Exponent = rest });
            coefficient = coefficient.Times(value) ?? throw new UndecidedException();
            if (polynomial is not null)
                factor = factor.Times(polynomial, effort);
        }
        var term = Polynomial.Term(new Monomial([.. kept]), coefficient);
        return factor.IsOne ? term : term.Times(factor, effort);
    }

    // The exponent that stays, and what the rest is worth as a number or a polynomial.
    private static (Rational Kept, Rational Value, Polynomial? Factor) ReducePower(AtomPower power, Effort effort)
    {
        var exponent = power.Exponent;
        var floor = BigInteger.DivRem(exponent.Numerator, exponent.Denominator, out var remainder);
        if (remainder.Sign < 0)
            floor--;
        if (BigInteger.Abs(floor) > 4_000)
            throw new UndecidedException();
        var whole = (int)floor;
        var fraction = exponent.Plus(-whole) ?? throw new UndecidedException();
        switch (power.Atom)
        {
            case PrimeAtom prime:
                return (fraction, ((Rational)prime.Value).Power(whole) ?? throw new UndecidedException(), null);
            case ImaginaryAtom when fraction.IsZero:
                return ((whole & 3) is 1 or 3 ? 1 : 0, (whole & 3) is 2 or 3 ? -1 : 1, null);
            case ImaginaryAtom:
                throw new UndecidedException();
            case RootAtom root when whole > 0:
                return (fraction, 1, root.Radicand.Power(whole, effort));
            case RootAtom when whole < 0:
                throw new UndecidedException();
            case FunctionAtom { Sine: { } sine } when fraction.IsZero && whole >= 2:
                var square = Polynomial.One.Plus(Polynomial.Term(Monomial.Of(sine, 2), -1), effort);
                return (whole % 2, 1, square.Power(whole / 2, effort));
            default:
                return (exponent, 1, null);
        }
    }
}
