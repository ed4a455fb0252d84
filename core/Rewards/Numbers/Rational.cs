using System.Globalization;
using System.Numerics;

namespace KnapsackCloud.Core.Rewards.Numbers;

/// <summary>
/// An exact fraction in lowest terms with a positive denominator. Sums and products past <see cref="MaxBits"/> are
/// refused (null) instead of being computed, so that no expression can make a verifier slow.
/// </summary>
internal readonly record struct Rational : IComparable<Rational>
{
    /// <summary>Longest numerator or denominator, in bits (about 1,200 decimal digits).</summary>
    public const int MaxBits = 4096;

    private readonly BigInteger _denominatorMinusOne;

    private Rational(BigInteger numerator, BigInteger denominator)
    {
        Numerator = numerator;
        _denominatorMinusOne = denominator - BigInteger.One;
    }

    public static Rational Zero => default;
    public static Rational One => new(BigInteger.One, BigInteger.One);

    public BigInteger Numerator { get; }
    public BigInteger Denominator => _denominatorMinusOne + BigInteger.One;
    public bool IsInteger => _denominatorMinusOne.IsZero;
    public bool IsZero => Numerator.IsZero;
    public int Sign => Numerator.Sign;

    public static implicit operator Rational(long value) => new(value, BigInteger.One);
    public static implicit operator Rational(BigInteger value) => new(value, BigInteger.One);

    /// <summary>Null when the denominator is zero or the fraction is too long.</summary>
    public static Rational? Create(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.IsZero)
            return null;
        if (!denominator.IsOne)
        {
            var divisor = BigInteger.GreatestCommonDivisor(numerator, denominator);
            if (denominator.Sign < 0)
                divisor = -divisor;
            if (!divisor.IsOne)
                (numerator, denominator) = (numerator / divisor, denominator / divisor);
        }
        return Fits(numerator) && Fits(denominator) ? new Rational(numerator, denominator) : null;
    }

    public Rational? Plus(Rational other) => IsInteger && other.IsInteger
        ? Create(Numerator + other.Numerator, BigInteger.One)
        : Create(Numerator * other.Denominator + other.Numerator * Denominator, Denominator * other.Denominator);

    public Rational? Times(Rational other) => Create(Numerator * other.Numerator, Denominator * other.Denominator);

    public Rational? Over(Rational other) => Create(Numerator * other.Denominator, Denominator * other.Numerator);

    public Rational Negated() => new(-Numerator, Denominator);

    public Rational Absolute() => new(BigInteger.Abs(Numerator), Denominator);

    /// <summary>Null when the power is too long or divides by zero; 0 to the 0 is 1.</summary>
    public Rational? Power(int exponent)
    {
        if (IsInteger && Numerator.IsOne)
            return One;
        if (IsInteger && Numerator == BigInteger.MinusOne)
            return exponent % 2 == 0 ? One : -1;
        var times = Math.Abs((long)exponent);
        if (times * (Math.Max(Numerator.GetBitLength(), Denominator.GetBitLength()) - 1) > MaxBits)
            return IsZero && exponent > 0 ? Zero : null;
        var (top, bottom) = (BigInteger.Pow(Numerator, (int)times), BigInteger.Pow(Denominator, (int)times));
        return exponent >= 0 ? Create(top, bottom) : Create(bottom, top);
    }

    public int CompareTo(Rational other) =>
        (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    /// <summary>Nearest double up to one rounding; infinite when out of range.</summary>
    public double ToDouble()
    {
        if (IsInteger)
            return (double)Numerator;
        var shift = (int)(Denominator.GetBitLength() - Numerator.GetBitLength()) + 64;
        var quotient = shift >= 0 ? (Numerator << shift) / Denominator : Numerator / (Denominator << -shift);
        return Math.ScaleB((double)quotient, -shift);
    }

    public override string ToString() => IsInteger
        ? Numerator.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Numerator}/{Denominator}");

    private static bool Fits(BigInteger value) => value.GetBitLength() <= MaxBits;
}
