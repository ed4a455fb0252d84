using System.Text.RegularExpressions;
using KnapsackCloud.Core.Rewards.Maths.Extraction;

namespace KnapsackCloud.Core.Rewards;

/// <summary>
/// 1 when the final answer is the gold answer's digits (0-9, a-z), letter case, leading zeros and the name of the base aside:
/// <c>2f</c>, <c>0x2F</c>, <c>2F_{16}</c>. The same value in another base is another answer.
/// </summary>
internal sealed partial class DigitsVerifier : IVerifier
{
    private static readonly string[] Prefixes = ["0x", "0o"];

    public string Name => "digits";

    public Verdict Score(string gold, string completion)
    {
        if (Read(gold) is not { } wanted)
            return new Verdict { Status = VerdictStatus.UnparsableGold, Reason = "the gold answer is not made of the digits 0-9 and a-z" };
        if (Read(Answer(completion)) is not { } found)
            return Verdict.Of(Name, 0, "no digits found");
        return found == wanted ? Verdict.Of(Name, 1, $"{found} as wanted") : Verdict.Of(Name, 0, "other digits");
    }

    // The extractor knows formulas; to it, digits that are letters are words.
    private static string Answer(string completion)
    {
        var text = BaseName().Replace(Reasoning.Answer(completion), "").Trim();
        if (Boxes.Last(text) is { } boxed)
            return boxed;
        var phrase = AnswerPhrases.After(text);
        var words = (phrase ?? text).Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries);
        var isAnswer = words.Length == 1 || (words.Length == 2 && phrase is not null && words[0].Any(char.IsAsciiDigit));
        return isAnswer ? words[0].TrimEnd('.', ',', ';') : AnswerExtractor.Extract(text);
    }

    private static string? Read(string text)
    {
        text = TextAnswers.Unwrap(text);
        // 2f_{16}, \text{2f}_{16}
        var subscript = text.IndexOf('_', StringComparison.Ordinal);
        if (subscript >= 0)
            text = TextAnswers.Unwrap(text[..subscript]);
        var digits = text.Trim('(', ')', ' ').ToLowerInvariant();
        if (Array.Find(Prefixes, prefix => digits.StartsWith(prefix, StringComparison.Ordinal)) is { } prefix)
            digits = digits[prefix.Length..];
        if (digits.Length == 0 || !digits.All(char.IsAsciiLetterOrDigit))
            return null;
        digits = digits.TrimStart('0');
        return digits.Length == 0 ? "0" : digits;
    }

    // 2f (base 16), 2f in base 16
    [GeneratedRegex(@"\(?(?:\bin )?\bbase \{?[0-9]{1,2}\}?\)?", RegexOptions.IgnoreCase)]
    private static partial Regex BaseName();
}
