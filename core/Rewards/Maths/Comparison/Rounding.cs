using KnapsackCloud.Core.Rewards.Maths.Expressions;
using KnapsackCloud.Core.Rewards.Maths.Numerics;
using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Comparison;

/// <summary>
/// A decimal stands for an exact constant when it is that constant correctly rounded to five significant digits or
/// more: 4.12311 for √17. Two plain decimals are never taken for roundings of one another.
/// </summary>
internal static class Rounding
{
    private const int FewestDigits = 5;

    public static bool Agree(Expression left, Expression right, Effort effort) => (left, right) switch
    {
        (Number or Percent { Value: Number }, Number or Percent { Value: Number }) => false,
        (Number decimals, _) => Rounds(right, decimals, FewestDigits, effort),
        (_, Number decimals) => Rounds(left, decimals, FewestDigits, effort),
        _ => false,
    };

    /// <summary>The exact constant lies within half a unit of the decimal's last place.</summary>
    /// <param name="fewestDigits">Significant digits that the decimal must have.</param>
    public static bool Rounds(Expression exact, Number decimals, int fewestDigits, Effort effort)
    {
        if (decimals.Decimals is 0 or > 15 || SignificantDigits(decimals.Value, decimals.Decimals) < fewestDigits)
            return false;
        if (NumericEvaluator.OfConstant(exact, effort) is not { } value)
            return false;
        var half = 0.5000001 * Math.Pow(10, -decimals.Decimals);
        var written = decimals.Value.ToDouble();
        // Digits beyond the precision of doubles are not compared.
        return Math.Abs(value.Middle - written) <= half + value.Width + (Math.Abs(written) * 4e-16) && value.Width <= Math.Abs(written) * 1e-12;
    }

    private static int SignificantDigits(Rational value, int decimals)
    {
        var digits = 0;
        var scaled = value.Numerator * System.Numerics.BigInteger.Pow(10, decimals) / value.Denominator;
        for (var rest = System.Numerics.BigInteger.Abs(scaled); !rest.IsZero; rest /= 10)
            digits++;
        return digits;
    }
}
