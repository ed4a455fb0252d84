namespace KnapsackCloud.Core.Rewards.Maths.Extraction;

/// <summary>The letter of a multiple choice answer.</summary>
internal static class ChoiceLetter
{
    /// <summary>The option that a gold answer names: <c>C</c>, <c>(C) Cecile</c>, <c>C. x = 42</c>, <c>A Peter</c>; or null.</summary>
    public static char? OfGold(string gold)
    {
        gold = TextAnswers.Unwrap(AnswerPhrases.After(gold) ?? gold);
        if (Leading(gold) is { } letter)
            return letter;
        return gold.Length > 3 && IsOption(gold[0]) && gold[1] == ' ' && char.IsAsciiLetterUpper(gold[2]) && char.IsAsciiLetterLower(gold[3]) ? gold[0] : null;
    }

    /// <summary>The option that a completion chooses, or null.</summary>
    public static char? OfAnswer(string completion)
    {
        var text = Reasoning.Answer(completion);
        if (Boxes.Last(text) is { } boxed)
            return Leading(TextAnswers.Unwrap(boxed));
        text = text.Replace("**", "", StringComparison.Ordinal).Trim();
        if (AnswerPhrases.After(text) is { } rest)
            return Leading(TextAnswers.Unwrap(rest)) ?? StandAlone(rest, first: true);
        return Leading(TextAnswers.Unwrap(text)) ?? Parenthesised(text) ?? StandAlone(text, first: false);
    }

    // "C", "(C)", "C.", "C)", "C: ...", "C, ..." and "C不是..." at the start.
    private static char? Leading(string text)
    {
        var at = text.Length > 0 && text[0] is '(' or '[' ? 1 : 0;
        if (at >= text.Length || !IsOption(text[at]))
            return null;
        var rest = text.AsSpan(at + 1);
        if (rest.IsEmpty)
            return text[at];
        if (at == 1)
            return rest[0] is ')' or ']' ? text[at] : null;
        return rest[0] is '.' or ')' or ':' or ',' or ';' or '\n' or >= '\u2E80' ? text[at] : null;
    }

    // The last "(C)".
    private static char? Parenthesised(string text)
    {
        for (var at = text.Length - 3; at >= 0; at--)
        {
            if (text[at] == '(' && IsOption(text[at + 1]) && text[at + 2] == ')')
                return text[at + 1];
        }
        return null;
    }

    private static char? StandAlone(string text, bool first)
    {
        char? found = null;
        for (var at = 0; at < text.Length; at++)
        {
            var alone = IsOption(text[at]) && (at == 0 || !IsWord(text[at - 1])) && (at + 1 == text.Length || !IsWord(text[at + 1]));
            // "C = 5" is about a quantity.
            if (!alone || text.AsSpan(at + 1).TrimStart(' ') is ['=' or '+' or '*' or '/' or '^' or '<' or '>', ..])
                continue;
            found = text[at];
            if (first)
                break;
        }
        return found;
    }

    private static bool IsWord(char character) => char.IsAsciiLetterOrDigit(character) || character is '\'' or '_' or '\\' or '=' or '+' or '*' or '^' or '{';

    private static bool IsOption(char character) => character is >= 'A' and <= 'J';
}
