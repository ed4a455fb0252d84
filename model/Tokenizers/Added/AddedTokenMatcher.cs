using System.Globalization;
using System.Text;

namespace KnapsackCloud.Model.Tokenizers.Added;

/// <summary>Finds added tokens in a text, leftmost first and the longest of several. Immutable, thread-safe.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly Node _root = new();

    /// <param name="tokens">With the spelling to look for.</param>
    public AddedTokenMatcher(IEnumerable<(string Spelling, AddedToken Token)> tokens)
    {
        foreach (var (spelling, token) in tokens)
        {
            var node = _root;
            foreach (var unit in spelling)
            {
                if (!node.Next.TryGetValue(unit, out var next)) node.Next.Add(unit, next = new Node());
                node = next;
            }

            // The reference keeps the first of two tokens whose spelling became the same.
            node.Token ??= token;
        }
    }

    public IReadOnlyList<Segment> Split(string text)
    {
        var segments = new List<Segment>();
        var done = 0;
        for (var at = 0; at < text.Length;)
        {
            if (Longest(text, at) is not ({ } token, var end))
            {
                at++;
                continue;
            }

            if (!token.SingleWord || StandsAlone(text, at, end))
            {
                var start = token.LeftStrip ? Math.Max(done, at - TrailingSpace(text.AsSpan(0, at))) : at;
                if (token.RightStrip) end += LeadingSpace(text.AsSpan(end));
                if (start > done) segments.Add(new Segment(done..start, null));
                segments.Add(new Segment(start..end, token.Id));
                done = end;
            }

            at = end;
        }

        if (done < text.Length) segments.Add(new Segment(done.., null));
        return segments;
    }

    private (AddedToken? Token, int End) Longest(string text, int start)
    {
        (AddedToken?, int) longest = (null, start);
        var node = _root;
        for (var at = start; at < text.Length && node.Next.TryGetValue(text[at], out node); at++)
            if (node.Token is { } token) longest = (token, at + 1);
        return longest;
    }

    private static bool StandsAlone(string text, int start, int end)
    {
        Rune.DecodeLastFromUtf16(text.AsSpan(0, start), out var before, out _);
        Rune.DecodeFromUtf16(text.AsSpan(end), out var after, out _);
        return !(start > 0 && IsWord(before)) && !(end < text.Length && IsWord(after));
    }

    /// <summary><c>\w</c> of Unicode regexes, by category.</summary>
    private static bool IsWord(Rune rune) => Rune.IsLetter(rune) || Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark or
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;

    private static int LeadingSpace(ReadOnlySpan<char> text) => text.Length - text.TrimStart().Length;

    private static int TrailingSpace(ReadOnlySpan<char> text) => text.Length - text.TrimEnd().Length;

    private sealed class Node
    {
        public Dictionary<char, Node> Next { get; } = [];
        public AddedToken? Token { get; set; }
    }
}
