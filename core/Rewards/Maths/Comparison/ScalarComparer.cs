using KnapsackCloud.Core.Rewards.Maths.Algebra;
using KnapsackCloud.Core.Rewards.Maths.Expressions;
using KnapsackCloud.Core.Rewards.Maths.Numerics;

namespace KnapsackCloud.Core.Rewards.Maths.Comparison;

/// <summary>
/// Equality of two numbers or formulas. Exact algebra decides first; the numeric test may contradict it, and may
/// confirm formulas with symbols, but two constants are never equal on numeric evidence alone.
/// </summary>
internal sealed class ScalarComparer(Effort effort)
{
    /// <summary>Longest coefficient, in digits, beside which numeric agreement to nine digits still means something.</summary>
    private const int MaxEvidenceDigits = 8;

    public bool AreEqual(Expression left, Expression right)
    {
        if (left is Number a && right is Number b)
            return a.Value == b.Value;
        var (x, y) = (TryCanonical(left), TryCanonical(right));
        if (x is null || y is null)
            return ByNumbers(left, right, x?.HasSymbols == true || y?.HasSymbols == true);
        var difference = ZeroTest.Difference(x, y, effort);
        if (ZeroTest.IsZero(difference, effort))
            return true;
        if (difference.Atoms.All(atom => atom.IsIndependent))
            return Rounding.Agree(left, right, effort);
        return difference.HasSymbols || x.HasSymbols || y.HasSymbols
            ? ByNumbers(left, right, symbolic: true)
            : NestedRoots.IsZero(difference, effort) || Rounding.Agree(left, right, effort);
    }

    /// <summary>Canonical form or null.</summary>
    public RationalFunction? TryCanonical(Expression expression)
    {
        try
        {
            return new Canonicaliser(effort).Canonical(expression);
        }
        catch (UndecidedException)
        {
            return null;
        }
    }

    private bool ByNumbers(Expression left, Expression right, bool symbolic)
    {
        if (!symbolic)
            return Rounding.Agree(left, right, effort);
        return HasShortCoefficients(left) && HasShortCoefficients(right)
            && SamplePoints.Compare(left, right, effort) == SampleVerdict.Equal;
    }

    private static bool HasShortCoefficients(Expression expression) => ExpressionWalk.All(expression, static part =>
        part is not Number number || (IsShort(number.Value.Numerator) && IsShort(number.Value.Denominator)));

    private static bool IsShort(System.Numerics.BigInteger value) => value.GetBitLength() < MaxEvidenceDigits * 3.33;
}
