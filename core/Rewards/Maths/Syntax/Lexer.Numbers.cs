using System.Globalization;
using System.Text;
using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Syntax;

/// <summary>Numbers as people and models write them: 1,234.5; 56{,}780; 10\,000; 1.5E-1; 2,74.</summary>
internal sealed partial class Lexer
{
    private bool ReadNumber()
    {
        var whole = new StringBuilder();
        ReadDigits(whole);
        while (SeparatorLength(whole) is var separator and > 0)
        {
            _at += separator;
            ReadDigits(whole);
        }
        var decimals = new StringBuilder();
        if (IsDecimalPoint())
        {
            _at++;
            ReadDigits(decimals);
        }
        else if (Current == '.' && !(Ahead(1) is '.' or '\\') && !char.IsAsciiLetter(Ahead(1)))
            _at++;
        var exponent = ReadExponent(decimals.Length > 0);
        if (NumberText.FromDigits(whole.ToString(), decimals.ToString(), exponent) is not { } value)
            return false;
        var written = exponent == 0 && decimals.Length == 0 ? whole.ToString() : "";
        Add(TokenKind.Number, written, value, Math.Max(0, decimals.Length - exponent));
        return true;
    }

    private void ReadDigits(StringBuilder digits)
    {
        while (char.IsAsciiDigit(Current))
            digits.Append(_text[_at++]);
    }

    private bool IsDecimalPoint() => char.IsAsciiDigit(Ahead(1))
        && (Current == '.' || (Current == ',' && _commas == CommaReading.Decimal));

    // Length of a thousands separator at this point, or 0.
    private int SeparatorLength(StringBuilder digits)
    {
        var rest = _text.AsSpan(_at);
        foreach (var sure in (ReadOnlySpan<string>)["{,}", ",\\!", "\\!"])
        {
            var length = sure.Length;
            if (!rest.StartsWith(sure, StringComparison.Ordinal))
                continue;
            while (length < rest.Length && rest[length] == ' ')
                length++;
            if (length < rest.Length && char.IsAsciiDigit(rest[length]))
                return length;
        }
        var group = digits.Length is >= 1 and <= 3 && digits[0] != '0' || digits.Length > 3;
        if (group && rest.StartsWith("\\,", StringComparison.Ordinal) && IsGroup(rest[2..]))
            return 2;
        if (group && Current == ' ' && IsGroup(rest[1..]) && !(rest.Length > 4 && rest[4] is '/' or '\\'))
            return 1;
        return group && Current == ',' && _commas == CommaReading.Grouping && _brackets <= 0 && IsGroup(rest[1..]) ? 1 : 0;
    }

    private static bool IsGroup(ReadOnlySpan<char> text) => text.Length >= 3
        && !text[..3].ContainsAnyExceptInRange('0', '9') && (text.Length == 3 || !char.IsAsciiDigit(text[3]));

    // 1e6, 1.5e-1, 1E-1 and 1e-06 are numbers; in 2e-1 and 2e+3 the letter is Euler's.
    private int ReadExponent(bool hasPoint)
    {
        if (Current is not ('e' or 'E'))
            return 0;
        var signed = Ahead(1) is '-' or '+' ? 1 : 0;
        var digits = 0;
        while (char.IsAsciiDigit(Ahead(1 + signed + digits)))
            digits++;
        if (digits is 0 or > 4 || (Current == 'e' && signed == 1 && digits < 2 && !hasPoint))
            return 0;
        var exponent = int.Parse(_text.AsSpan(_at + 1, signed + digits), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        _at += 1 + signed + digits;
        return exponent;
    }
}
