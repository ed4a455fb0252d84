using System.Numerics;
using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Algebra;

/// <summary>Powers and roots of quotients of polynomials, with rational or symbolic exponents.</summary>
internal static class Powers
{
    /// <summary>Largest exponent of a sum.</summary>
    private const int MaxExpansion = 40;

    public static RationalFunction Raise(RationalFunction @base, RationalFunction exponent, Effort effort)
    {
        if (exponent.AsRational() is not { } power)
            return Exponential(@base, exponent, effort);
        if (power.IsInteger)
            return WholePower(@base, power.Numerator, effort);
        var above = Root(@base.Numerator, power, effort);
        return @base.IsPolynomial ? above : above.Times(Root(@base.Denominator, power, effort).Inverse(effort), effort);
    }

    private static RationalFunction WholePower(RationalFunction @base, BigInteger exponent, Effort effort)
    {
        if (exponent.Sign < 0)
            return WholePower(@base.Inverse(effort), -exponent, effort);
        if (@base.IsPolynomial && @base.Numerator.Terms.Count == 1)
            return Of(@base.Numerator, exponent, effort);
        if (exponent > MaxExpansion)
            throw new UndecidedException();
        var power = (int)exponent;
        return new RationalFunction(@base.Numerator.Power(power, effort), @base.Denominator.Power(power, effort));
    }

    // One term: the coefficient and each exponent by themselves.
    private static RationalFunction Of(Polynomial term, BigInteger exponent, Effort effort)
    {
        var (monomial, coefficient) = term.Terms.Single();
        if (exponent > int.MaxValue)
            throw new UndecidedException();
        var power = coefficient.Power((int)exponent) ?? throw new UndecidedException();
        effort.Spend((int)power.Numerator.GetBitLength() / 16);
        return RationalFunction.Of(Reduction.Reduce(monomial.Raise(exponent), power, effort));
    }

    /// <summary>A fractional power. Symbols count as positive; an even root of a negative number is imaginary.</summary>
    private static RationalFunction Root(Polynomial radicand, Rational power, Effort effort)
    {
        if (ZeroTest.IsZero(radicand, effort))
            return power.Sign > 0 ? RationalFunction.Zero : throw new UndecidedException();
        var content = radicand.Content();
        var common = radicand.CommonMonomial();
        var result = RootOfRational(content, power, effort).Times(RootOfMonomial(common, power, effort), effort);
        var rest = radicand.Times(Rational.One.Over(content) ?? throw new UndecidedException())
            .Times(Polynomial.Term(common.Raise(-1), Rational.One), effort);
        if (rest.IsOne)
            return result;
        return result.Times(rest.IsConstant ? RootOfMinusOne(power) : RootOfSum(rest, power, effort), effort);
    }

    private static RationalFunction RootOfMinusOne(Rational power)
    {
        if (!power.Denominator.IsEven)
            return RationalFunction.Constant(power.Numerator.IsEven ? 1 : -1);
        if (power.Denominator != 2)
            throw new UndecidedException();
        var quarter = (int)BigInteger.Remainder(power.Numerator, 4);
        var sign = quarter is 1 or -3 ? 1 : -1;
        return RationalFunction.Of(Polynomial.Term(Monomial.Of(ImaginaryAtom.Unit, Rational.One), sign));
    }

    private static RationalFunction RootOfRational(Rational value, Rational power, Effort effort)
    {
        var result = Polynomial.One;
        foreach (var (part, sign) in new[] { (value.Numerator, 1), (value.Denominator, -1) })
        {
            foreach (var (prime, multiplicity) in Primes.Factor(part, effort))
            {
                var exponent = power.Times(sign * multiplicity) ?? throw new UndecidedException();
                result = result.Times(Reduction.Reduce(Monomial.Of(new PrimeAtom(prime), exponent), 1, effort), effort);
            }
        }
        return RationalFunction.Of(result);
    }

    private static RationalFunction RootOfMonomial(Monomial monomial, Rational power, Effort effort)
    {
        var result = RationalFunction.One;
        foreach (var (atom, exponent) in monomial.Powers)
        {
            var raised = exponent.Times(power) ?? throw new UndecidedException();
            result = result.Times(atom is RootAtom root
                ? RootOfSum(root.Radicand, raised, effort)
                : RationalFunction.Of(Reduction.Reduce(Monomial.Of(atom, raised), 1, effort)), effort);
        }
        return result;
    }

    private static RationalFunction RootOfSum(Polynomial sum, Rational power, Effort effort)
    {
        var floor = BigInteger.DivRem(power.Numerator, power.Denominator, out var remainder) - (remainder.Sign < 0 ? 1 : 0);
        if (BigInteger.Abs(floor) > MaxExpansion)
            throw new UndecidedException();
        var root = RationalFunction.Of(Polynomial.Term(Monomial.Of(new RootAtom(sum), power.Plus(-floor) ?? throw new UndecidedException()), 1));
        var whole = sum.Power((int)BigInteger.Abs(floor), effort);
        return floor.Sign >= 0 ? root.Times(RationalFunction.Of(whole), effort) : new RationalFunction(root.Numerator, whole);
    }

    /// <summary>b^(c + Σ kᵢmᵢ) = b^c · Π (b^mᵢ)^kᵢ, so that 2^(n+1) and 2·2^n are the same.</summary>
    private static RationalFunction Exponential(RationalFunction @base, RationalFunction exponent, Effort effort)
    {
        if (!exponent.IsPolynomial)
            return RationalFunction.Of(new ExponentialAtom(@base.Key, exponent.Key, @base.HasSymbols || exponent.HasSymbols));
        var result = RationalFunction.One;
        foreach (var (monomial, coefficient) in exponent.Numerator.Terms)
        {
            var part = monomial.IsOne ? Raise(@base, RationalFunction.Constant(coefficient), effort)
                : IsEuler(@base) && Trigonometry.AngleOf(monomial, coefficient) is { } angle ? Trigonometry.OnUnitCircle(angle, effort)
                : ToMonomial(@base, monomial, coefficient, effort);
            result = result.Times(part, effort);
        }
        return result;
    }

    private static bool IsEuler(RationalFunction @base) => @base.Key == RationalFunction.Of(ConstantAtom.E).Key;

    private static RationalFunction ToMonomial(RationalFunction @base, Monomial exponent, Rational coefficient, Effort effort)
    {
        var symbolic = exponent.HasSymbols;
        if (!@base.IsPolynomial || @base.Numerator.Terms.Count != 1)
            return RationalFunction.Of(Polynomial.Term(Monomial.Of(new ExponentialAtom(@base.Key, exponent.Key, symbolic || @base.HasSymbols), coefficient), 1));
        var (atoms, factor) = @base.Numerator.Terms.Single();
        if (factor.Sign < 0)
            return RationalFunction.Of(Polynomial.Term(Monomial.Of(new ExponentialAtom(@base.Key, exponent.Key, symbolic || @base.HasSymbols), coefficient), 1));
        var result = Monomial.One;
        foreach (var (part, sign) in new[] { (factor.Numerator, 1), (factor.Denominator, -1) })
        {
            foreach (var (prime, multiplicity) in Primes.Factor(part, effort))
                result = result.Times(Monomial.Of(new ExponentialAtom($"#{prime}", exponent.Key, symbolic), coefficient.Times(sign * multiplicity) ?? throw new UndecidedException()));
        }
        foreach (var (atom, power) in atoms.Powers)
            result = result.Times(Monomial.Of(new ExponentialAtom(atom.Key, exponent.Key, symbolic || atom.HasSymbols), coefficient.Times(power) ?? throw new UndecidedException()));
        return RationalFunction.Of(Polynomial.Term(result, 1));
    }
}
