using System.Text;
using KnapsackCloud.Core.Rewards.Maths.Syntax;

namespace KnapsackCloud.Core.Rewards.Maths.Extraction;

/// <summary>Answers in words.</summary>
internal static class TextAnswers
{
    private const int MaxDepth = 6;

    /// <summary>Two texts are the same answer: letter by letter, but for case, white space, quotes and LaTeX dress.</summary>
    public static bool AreEqual(string gold, string answer)
    {
        var normal = Normal(gold);
        return normal.Length > 0 && normal == Normal(answer);
    }

    /// <summary>Without the delimiters and the one \text{}, \boxed{} or pair of brackets around everything.</summary>
    public static string Unwrap(string text)
    {
        for (var depth = 0; ; depth++)
        {
            text = text.Trim(' ', '$', '\n', '\t', '.', '*');
            if (depth == MaxDepth || Inner(text) is not { } inner)
                return text;
            text = inner;
        }
    }

    private static string? Inner(string text)
    {
        if (text.Length > 4 && text[0] == '\\' && text[1] is '(' or '[' && text[^2] == '\\')
            return text[2..^2];
        if (text.Length < 4 || text[0] != '\\' || text[^1] != '}')
            return null;
        var open = text.IndexOf('{', StringComparison.Ordinal);
        var name = open < 0 ? "" : text[1..open].Trim();
        return (Vocabulary.TextCommands.Contains(name) || name == "boxed") && Braces.Close(text, open) == text.Length - 1
            ? text[(open + 1)..^1]
            : null;
    }

    private static string Normal(string text)
    {
        var kept = new StringBuilder(text.Length);
        text = Unwrap(text);
        for (var at = 0; at < text.Length; at++)
        {
            var character = text[at];
            if (char.IsWhiteSpace(character) || character is '$' or '"' or '“' or '”' or '`')
                continue;
            if (character == '\\' && DressLength(text.AsSpan(at)) is var dress and > 0)
                at += dress - 1;
            else
                kept.Append(char.ToLowerInvariant(character));
        }
        return kept.ToString();
    }

    // Length of a command that only spaces or dresses what follows.
    private static int DressLength(ReadOnlySpan<char> text)
    {
        if (text.Length > 1 && text[1] is ',' or '!' or ';' or ':' or ' ')
            return 2;
        var end = 1;
        while (end < text.Length && char.IsAsciiLetter(text[end]))
            end++;
        var name = text[1..end].ToString();
        return name is "left" or "right" or "quad" or "qquad" || Vocabulary.TextCommands.Contains(name) ? end : 0;
    }
}
