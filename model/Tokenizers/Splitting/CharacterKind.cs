using System.Globalization;
using System.Text;

namespace KnapsackCloud.Model.Tokenizers.Splitting;

/// <summary>What the pre-tokenizers tell apart; every character is exactly one of these.</summary>
internal enum CharacterKind : byte
{
    /// <summary>None of the others: punctuation, marks, symbols, controls.</summary>
    Other,

    /// <summary><c>\p{L}</c></summary>
    Letter,

    /// <summary><c>\p{N}</c></summary>
    Number,

    /// <summary><c>\s</c> other than carriage return and line feed.</summary>
    Space,

    /// <summary><c>[\r\n]</c></summary>
    LineBreak,
}

/// <summary>Kinds by whole character: a regex of .NET would see the halves of a surrogate pair, and so no letter outside the basic plane.</summary>
internal static class CharacterKinds
{
    private static readonly CharacterKind[] BasicPlane = [.. Enumerable.Range(0, char.MaxValue + 1).Select(Classify)];

    /// <summary>Kind of the character at a position, and its length in UTF-16 units.</summary>
    public static CharacterKind At(ReadOnlySpan<char> text, int at, out int length)
    {
        length = 1;
        if (!char.IsSurrogate(text[at])) return BasicPlane[text[at]];
        Rune.DecodeFromUtf16(text[at..], out var rune, out length);
        return Classify(rune.Value);
    }

    /// <summary>End of the run of one kind that starts at or after a position.</summary>
    public static int RunEnd(ReadOnlySpan<char> text, int at, CharacterKind kind)
    {
        while (at < text.Length && At(text, at, out var length) == kind) at += length;
        return at;
    }

    private static CharacterKind Classify(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
    {
        _ when codePoint is '\r' or '\n' => CharacterKind.LineBreak,
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or
            UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => CharacterKind.Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterKind.Number,
        _ when codePoint <= char.MaxValue && char.IsWhiteSpace((char)codePoint) => CharacterKind.Space,
        _ => CharacterKind.Other,
    };
}
