using KnapsackCloud.Core.Rewards.Maths.Syntax;

namespace KnapsackCloud.Core.Rewards.Maths.Extraction;

/// <summary>The last number or formula that prose mentions without any delimiters.</summary>
internal static class Prose
{
    private const string Inside = "+-*/×÷·−^(){}[]=%.,$€£°\\√π<>≤≥";

    /// <summary>Start and text of the last run of mathematics, or null.</summary>
    public static (int Start, string Run)? LastRun(string text)
    {
        for (var at = text.Length - 1; at >= 0; at--)
        {
            if (!char.IsAsciiDigit(Unicode.ToAscii(text[at])) || IsSuperscript(text[at]))
                continue;
            var numberStart = NumberStart(text, at);
            if (numberStart > 0 && (char.IsAsciiLetter(text[numberStart - 1]) || text[numberStart - 1] == '_'))
            {
                at = numberStart;
                continue;
            }
            var start = ExtendLeft(text, numberStart);
            var run = text[start..ExtendRight(text, at + 1)].Trim();
            if (Parser.Parse(run) is not null)
                return (start, run);
            return (numberStart, text[numberStart..(at + 1)] + (at + 1 < text.Length && text[at + 1] == '%' ? "%" : ""));
        }
        return null;
    }

    private static bool IsSuperscript(char character) => Unicode.Superscript(character) is not null || Unicode.Subscript(character) is not null;

    private static int NumberStart(string text, int at)
    {
        while (at > 0 && (char.IsDigit(text[at - 1]) || (text[at - 1] is '.' or ',' && at > 1 && char.IsDigit(text[at - 2]) && char.IsDigit(text[at]))))
            at--;
        if (at > 0 && text[at - 1] == '.' && (at == 1 || char.IsWhiteSpace(text[at - 2])))
            at--;
        return at;
    }

    private static int ExtendLeft(string text, int at)
    {
        while (at > 0)
        {
            var before = text[at - 1];
            if (char.IsWhiteSpace(before) && before != '\n')
            {
                var gap = at - 1;
                while (gap > 0 && text[gap - 1] == ' ')
                    gap--;
                // A space belongs to the run only beside an operator.
                if (gap == 0 || !(IsOperator(text[gap - 1]) || IsOperator(text[at])) || !IsInside(text, gap - 1) || IsSign(text, at))
                    break;
                at = gap;
            }
            else if (CommandStart(text, at) is { } command)
                at = command;
            else if (IsInside(text, at - 1) && !(before is ',' or '.' && !(at > 1 && char.IsDigit(text[at - 2]) && char.IsDigit(text[at]))))
                at--;
            else
                break;
        }
        return at;
    }

    // "is -5": the minus is a sign and what stands before the space is another word.
    private static bool IsSign(string text, int at) =>
        text[at] is '-' or '+' && at + 1 < text.Length && char.IsDigit(text[at + 1]);

    private static bool IsInside(string text, int at) => char.IsDigit(text[at]) || Inside.Contains(text[at], StringComparison.Ordinal);

    private static bool IsOperator(char character) => character is '+' or '-' or '*' or '/' or '×' or '÷' or '·' or '−' or '^' or '=' or '<' or '>' or '≤' or '≥';

    // Start of a LaTeX command that ends just before this place.
    private static int? CommandStart(string text, int end)
    {
        var at = end;
        while (at > 0 && char.IsAsciiLetter(text[at - 1]))
            at--;
        return at > 0 && at < end && text[at - 1] == '\\' ? at - 1 : null;
    }

    private static int ExtendRight(string text, int at)
    {
        while (at < text.Length && text[at] is ')' or '}' or ']' or '%' or '°' or 'π' or '²' or '³')
            at++;
        // "4x" but not "3rd".
        if (at < text.Length && char.IsAsciiLetter(text[at]) && (at + 1 >= text.Length || !char.IsLetterOrDigit(text[at + 1])))
            at++;
        return at;
    }
}
