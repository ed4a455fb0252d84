using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Algebra;

/// <summary>Is a polynomial zero? Exact: yes is a proof.</summary>
internal static class ZeroTest
{
    /// <summary>Two quotients are the same after crossing.</summary>
    public static bool AreEqual(RationalFunction left, RationalFunction right, Effort effort) =>
        IsZero(Difference(left, right, effort), effort);

    /// <summary>The numerator of left - right.</summary>
    public static Polynomial Difference(RationalFunction left, RationalFunction right, Effort effort) =>
        left.Numerator.Times(right.Denominator, effort).Plus(right.Numerator.Times(left.Denominator, effort).Negated(), effort);

    /// <summary>Every term cancels once negative exponents are cleared.</summary>
    public static bool IsZero(Polynomial polynomial, Effort effort)
    {
        if (polynomial.Terms.Count <= 1)
            return polynomial.IsZero;
        var negative = polynomial.CommonMonomial().Powers.Where(power => power.Exponent.Sign < 0).ToArray();
        if (negative.Length == 0)
            return false;
        var cleared = new Monomial(negative).Raise(-1);
        return polynomial.Times(Polynomial.Term(cleared, Rational.One), effort).IsZero;
    }
}
