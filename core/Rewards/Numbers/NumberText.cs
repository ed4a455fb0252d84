using System.Globalization;
using System.Numerics;

namespace KnapsackCloud.Core.Rewards.Numbers;

/// <summary>Reads plain numbers: sign, digits with thousands separators, decimals, exponent, and <c>a/b</c>.</summary>
internal static class NumberText
{
    /// <summary>Digits of one number; longer ones are no number.</summary>
    private const int MaxDigits = 400;

    private const int MaxExponent = 400;

    /// <summary>The number that the whole of <paramref name="text"/> is, or null.</summary>
    public static Rational? Parse(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        return text.Length > 0 && ReadFraction(text, out var length) is { } value && length == text.Length ? value : null;
    }

    /// <summary>The last number in <paramref name="text"/>; digits that are part of a word (<c>x2</c>) are none.</summary>
    public static Rational? Last(ReadOnlySpan<char> text)
    {
        Rational? last = null;
        for (var at = 0; at < text.Length;)
        {
            var glued = at > 0 && (char.IsLetterOrDigit(text[at - 1]) || text[at - 1] == '_');
            if (CanStart(text[at..]) && !glued && ReadFraction(text[at..], out var length) is { } value)
            {
                last = value;
                at += length;
            }
            else
                at++;
        }
        return last;
    }

    /// <summary>Digits, with an optional point and exponent, as an exact fraction; null when there are no digits or too many.</summary>
    public static Rational? FromDigits(ReadOnlySpan<char> whole, ReadOnlySpan<char> decimals, int exponent = 0)
    {
        if (whole.Length + decimals.Length is 0 or > MaxDigits || Math.Abs(exponent) > MaxExponent)
            return null;
        var digits = BigInteger.Parse($"0{whole}{decimals}", NumberStyles.None, CultureInfo.InvariantCulture);
        var power = exponent - decimals.Length;
        var scale = BigInteger.Pow(10, Math.Abs(power));
        return power >= 0 ? Rational.Create(digits * scale, 1) : Rational.Create(digits, scale);
    }

    private static bool CanStart(ReadOnlySpan<char> text) =>
        char.IsAsciiDigit(text[0]) || (text[0] is '-' or '+' or '.' && text.Length > 1 && (char.IsAsciiDigit(text[1]) || text[1] == '.'));

    private static Rational? ReadFraction(ReadOnlySpan<char> text, out int length)
    {
        if (ReadSigned(text, out length) is not { } top)
            return null;
        if (length + 1 < text.Length && text[length] == '/' && char.IsAsciiDigit(text[length + 1])
            && ReadSigned(text[(length + 1)..], out var more) is { } bottom && top.Over(bottom) is { } quotient)
        {
            length += 1 + more;
            return quotient;
        }
        return top;
    }

    private static Rational? ReadSigned(ReadOnlySpan<char> text, out int length)
    {
        var negative = text[0] == '-';
        var at = text[0] is '-' or '+' ? 1 : 0;
        var start = at;
        at += WholeDigits(text[at..]);
        var whole = text[start..at].ToString().Replace(",", "", StringComparison.Ordinal);
        var decimals = at < text.Length && text[at] == '.' ? DigitRun(text[(at + 1)..]) : 0;
        var fraction = decimals > 0 ? text.Slice(at + 1, decimals) : [];
        at += decimals > 0 ? decimals + 1 : 0;
        var exponent = ReadExponent(text[at..], out var exponentLength);
        length = at + exponentLength;
        var value = FromDigits(whole, fraction, exponent);
        return negative ? value?.Negated() : value;
    }

    // 1,234,567 is one number; in "1,23" the comma separates two.
    private static int WholeDigits(ReadOnlySpan<char> text)
    {
        var at = DigitRun(text);
        if (at is 0 or > 3)
            return at;
        while (at + 3 < text.Length && text[at] == ',' && DigitRun(text[(at + 1)..]) == 3)
            at += 4;
        return at;
    }

    private static int ReadExponent(ReadOnlySpan<char> text, out int length)
    {
        length = 0;
        if (text.Length < 2 || text[0] is not ('e' or 'E'))
            return 0;
        var sign = text[1] is '-' or '+' ? 1 : 0;
        var digits = DigitRun(text[(1 + sign)..]);
        if (digits == 0)
            return 0;
        length = 1 + sign + digits;
        return digits > 4 ? MaxExponent + 1 : int.Parse(text.Slice(1, sign + digits), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
    }

    private static int DigitRun(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? text.Length : end;
    }
}
