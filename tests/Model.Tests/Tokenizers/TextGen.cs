using CsCheck;

namespace KnapsackCloud.Model.Tests.Tokenizers;

/// <summary>Texts of the characters on which tokenizers trip.</summary>
internal static class TextGen
{
    private static readonly string[] Telling =
    [
        "a", "B", "the", "hello", " world", "z", "é", "e\u0301", "\u0327\u0301", "ß", "ſ", "Ω", "日", "本語", "한국", "\u1100\u1161\u11A8", "\uAC00\u11A8", "ב\u05B0",
        "1", "22", "333", "4444", "٣", "½", "Ⅷ", " ", "  ", "\t", "\n", "\r\n", "\n\n", "\u00A0", "\u3000", "\u2028", "\u200B", "\u0085", "\v",
        "'s", "'T", "'re", "'VE", "'ll", "'", "''", "'x", "!", "...", "$", "_", "▁", "<", "<|", "|>", "\0", "\uFFFD",
    ];

    private static readonly string[] OutsideBasicPlane = ["😀", "👍🏽", "🇩🇪", "𝟙𝟚𝟛", "𐐀", "𠮷", "\U0001D15E", "\U00011935\U00011930"];

    public static Gen<string> Text { get; } = OneOf([.. Telling, .. OutsideBasicPlane]).Array[0, 30].Select(string.Concat);

    /// <summary>Where a regex that sees UTF-16 units is as good as one that sees characters.</summary>
    public static Gen<string> BasicPlane { get; } = OneOf(Telling).Array[1, 30].Select(string.Concat);

    public static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);
}
