using System.Buffers;
using KnapsackCloud.Core.Rewards.Maths.Syntax;

namespace KnapsackCloud.Core.Rewards.Maths.Extraction;

/// <summary>Mathematics between delimiters in prose: $..$, $$..$$, \(..\), \[..\].</summary>
internal static class MathSpans
{
    /// <summary>Spans from the end of the text that are looked at.</summary>
    private const int MaxTried = 6;

    private const int MaxJoined = 30;

    private static readonly SearchValues<char> s_before = SearchValues.Create(" \"'*“(");
    private static readonly SearchValues<char> s_operators = SearchValues.Create("=<>+-/^|\\,");
    private static readonly SearchValues<char> s_letters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ() _{}'");

    internal readonly record struct Span(int Start, int End, string Content);

    /// <summary>The last span that says more than a name, joined with those before it that an "and" or a comma links to it.</summary>
    public static Span? Last(string text)
    {
        var spans = All(text);
        Span? name = null;
        for (var i = spans.Count - 1; i >= 0 && i >= spans.Count - MaxTried; i--)
        {
            if (!IsMathematics(spans[i].Content))
                continue;
            if (!IsName(spans[i].Content))
                return Joined(text, spans, i);
            name ??= spans[i];
        }
        return name;
    }

    /// <summary>A span at the very start of the text.</summary>
    public static Span? Leading(string text)
    {
        var spans = All(text);
        if (spans.Count == 0 || text.AsSpan(0, spans[0].Start).IndexOfAnyExcept(s_before) >= 0 || !IsMathematics(spans[0].Content))
            return null;
        var last = 0;
        while (last + 1 < spans.Count && Links(text.AsSpan(spans[last].End, spans[last + 1].Start - spans[last].End)))
            last++;
        return Joined(text, spans, last);
    }

    private static Span Joined(string text, List<Span> spans, int last)
    {
        var first = last;
        while (first > 0 && last - first < MaxJoined && Links(text.AsSpan(spans[first - 1].End, spans[first].Start - spans[first - 1].End)) && IsMathematics(spans[first - 1].Content))
            first--;
        return new Span(spans[first].Start, spans[last].End, string.Join(", ", spans[first..(last + 1)].Select(span => span.Content)));
    }

    private static bool Links(ReadOnlySpan<char> gap) =>
        gap.Trim(" ,;\n") is "and" or "or" or "" or "和" or "或" or "et" or "y" && !gap.Contains("\n\n", StringComparison.Ordinal);

    private static List<Span> All(string text)
    {
        var spans = new List<Span>();
        for (var at = 0; at < text.Length; at++)
        {
            var (open, close) = text[at] switch
            {
                '$' when at + 1 < text.Length && text[at + 1] == '$' => ("$$", "$$"),
                '$' when (at == 0 || text[at - 1] != '\\') => ("$", "$"),
                '\\' when at + 1 < text.Length && text[at + 1] == '(' => ("\\(", "\\)"),
                '\\' when at + 1 < text.Length && text[at + 1] == '[' => ("\\[", "\\]"),
                _ => ("", ""),
            };
            if (open.Length == 0)
                continue;
            var start = at + open.Length;
            var end = Close(text, start, close);
            if (end < 0)
                continue;
            spans.Add(new Span(at, end + close.Length, text[start..end]));
            at = end + close.Length - 1;
        }
        return spans;
    }

    private static int Close(string text, int start, string close)
    {
        var stop = Math.Min(text.Length, start + Lexer.MaxLength);
        var end = text.IndexOf(close, start, stop - start, StringComparison.Ordinal);
        while (end > 0 && close == "$" && text[end - 1] == '\\')
            end = text.IndexOf(close, end + 1, stop - end - 1, StringComparison.Ordinal);
        // "$5 and $7" are two prices.
        var price = close == "$" && end >= 0 && end + 1 < text.Length && char.IsAsciiDigit(text[end + 1]);
        return price ? -1 : end;
    }

    private static bool IsMathematics(string content) => content.AsSpan().Trim().Length > 0
        && (Parser.Parse(content) is not null || content.Contains("\\text", StringComparison.Ordinal) || content.Contains("\\begin", StringComparison.Ordinal));

    // x, \alpha, ABCD, f(x): names that a sentence mentions.
    private static bool IsName(string content) =>
        content.AsSpan().IndexOfAnyInRange('0', '9') < 0 && content.AsSpan().IndexOfAny(s_operators) < 0
        && !content.AsSpan().ContainsAnyExcept(s_letters);
}
