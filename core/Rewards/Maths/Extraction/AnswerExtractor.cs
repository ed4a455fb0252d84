using KnapsackCloud.Core.Rewards.Maths.Syntax;

namespace KnapsackCloud.Core.Rewards.Maths.Extraction;

/// <summary>
/// Finds the one answer that a text gives: its last box, else what follows its last answer phrase, else the whole of a
/// short text, else its last formula. Only one candidate: a completion cannot score by mentioning many.
/// </summary>
internal static class AnswerExtractor
{
    private const int LongestWhole = 400;

    /// <summary>Empty when there is no answer.</summary>
    public static string Extract(string text)
    {
        text = Reasoning.Answer(text);
        if (Boxes.Last(text) is { } boxed)
            return Tidy(boxed);
        text = WithoutEmphasis(text).Trim();
        if (AnswerPhrases.After(text) is { } rest)
            return Tidy(OfPhrase(rest));
        return Tidy(IsWhole(text) ? text : OfProse(text));
    }

    /// <summary>The same for a gold answer, which is the answer itself unless it is a worked solution.</summary>
    public static string ExtractGold(string gold)
    {
        if (Boxes.Last(gold) is { } boxed)
            return Tidy(boxed);
        if (gold.Contains("####", StringComparison.Ordinal) || (gold.Length > LongestWhole && !IsWhole(gold)))
            return Extract(gold);
        return Tidy(gold);
    }

    private static bool IsWhole(string text) => text.Length <= LongestWhole && Parser.Parse(Tidy(text)) is not null;

    private static string OfPhrase(string rest)
    {
        if (IsWhole(rest))
            return rest;
        if (MathSpans.Leading(rest) is { } span)
            return span.Content;
        // "Final answer: the largest n is 34."
        var sentence = Sentence(rest);
        if (IsWhole(sentence))
            return sentence;
        var link = sentence.LastIndexOf(" is ", StringComparison.OrdinalIgnoreCase);
        var tail = link < 0 ? sentence : sentence[(link + 4)..];
        if (IsWhole(tail))
            return tail;
        return Formula(tail) ?? Formula(sentence) ?? sentence;
    }

    private static string OfProse(string text) => Formula(text) ?? text;

    // The later one of the last span and the last undelimited run.
    private static string? Formula(string text)
    {
        var span = MathSpans.Last(text);
        var run = Prose.LastRun(text);
        if (span is not null && (run is null || run.Value.Start < span.Value.End))
            return span.Value.Content;
        return run?.Run;
    }

    private static string Sentence(string text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] is '。' || (text[at] == '.' && (at + 1 == text.Length || char.IsWhiteSpace(text[at + 1]))))
                return text[..at];
        }
        return text;
    }

    // **bold** and `code`, but not 2**3.
    private static string WithoutEmphasis(string text)
    {
        if (!text.Contains("**", StringComparison.Ordinal) && !text.Contains('`', StringComparison.Ordinal))
            return text;
        var kept = new System.Text.StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            var star = text[at] == '*' && at + 1 < text.Length && text[at + 1] == '*';
            var power = star && at > 0 && IsOperand(text[at - 1]) && at + 2 < text.Length && IsOperand(text[at + 2]);
            if (star && !power)
                at++;
            else if (text[at] != '`')
                kept.Append(text[at]);
        }
        return kept.ToString();

        static bool IsOperand(char character) => char.IsAsciiLetterOrDigit(character) || character is '(' or ')';
    }

    private static string Tidy(string answer)
    {
        var rest = answer.AsSpan().Trim();
        while (rest.Length > 0 && (rest[^1] is '.' or ',' or ';' or ':' or '。' or '"' or '!' or ' ' || (rest[^1] == '\\' && !rest.EndsWith("\\\\", StringComparison.Ordinal))))
        {
            // 5! is a factorial.
            if (rest[^1] == '!' && rest.Length > 1 && (char.IsAsciiLetterOrDigit(rest[^2]) || rest[^2] is ')' or '}'))
                break;
            rest = rest[..^1];
        }
        return rest.ToString();
    }
}
