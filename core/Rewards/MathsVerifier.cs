using KnapsackCloud.Core.Rewards.Maths;
using KnapsackCloud.Core.Rewards.Maths.Comparison;
using KnapsackCloud.Core.Rewards.Maths.Expressions;
using KnapsackCloud.Core.Rewards.Maths.Extraction;
using KnapsackCloud.Core.Rewards.Maths.Syntax;

namespace KnapsackCloud.Core.Rewards;

/// <summary>
/// 1 when the completion's final answer means the same as the gold answer: numbers however written, formulas, equations
/// up to a factor, inequalities, intervals, sets, tuples, matrices, ratios, numbers in a base, choice letters, words.
/// Whatever cannot be read or decided within fixed limits is a 0 with its reason, never an error: a completion must not
/// be able to take itself out of its group.
/// </summary>
internal sealed class MathsVerifier : IVerifier
{
    public string Name => "maths";

    public Verdict Score(string gold, string completion)
    {
        if (string.IsNullOrWhiteSpace(gold))
            return new Verdict { Status = VerdictStatus.UnparsableGold, Reason = "the gold answer is empty" };
        var wanted = AnswerExtractor.ExtractGold(gold);
        var found = AnswerExtractor.Extract(completion);
        if (found.Length > 0 && TextAnswers.AreEqual(wanted, found))
            return Verdict.Of(Name, 1, $"{Short(found)} is the gold answer");
        if (ChoiceLetter.OfGold(gold) is { } option && ChoiceLetter.OfAnswer(completion) is { } chosen)
            return Verdict.Of(Name, option == chosen ? 1 : 0, option == chosen ? $"option {chosen}" : $"option {chosen}, not {option}");
        if (found.Length == 0)
            return Verdict.Of(Name, 0, "no answer found");
        return Compare(wanted, found);
    }

    private Verdict Compare(string wanted, string found)
    {
        var golds = Readings(wanted);
        var answers = Readings(found);
        if (golds.Count == 0)
            return Verdict.Of(Name, 0, $"{Short(found)} is not the text {Short(wanted)}");
        if (answers.Count == 0)
            return Verdict.Of(Name, 0, $"{Short(found)} is not mathematics");
        try
        {
            var comparer = new AnswerComparer(new Effort());
            var equal = golds.Any(gold => answers.Any(answer => comparer.AreEqual(gold, answer)));
            return Verdict.Of(Name, equal ? 1 : 0, $"{Short(found)} {(equal ? "=" : "is not")} {Short(wanted)}");
        }
        catch (UndecidedException)
        {
            return Verdict.Of(Name, 0, $"{Short(found)} is too complicated to compare with {Short(wanted)}");
        }
    }

    // A comma may group digits, separate answers, or be a decimal point.
    private static List<Expression> Readings(string text)
    {
        var readings = new List<Expression>();
        if (Parser.Parse(text) is { } usual)
            readings.Add(usual);
        if (!HasCommaBetweenDigits(text))
            return readings;
        if (Parser.Parse(text, CommaReading.Separator) is { } list)
            readings.Add(list);
        var alone = text.Count(character => character == ',') == 1 && text.AsSpan().IndexOfAny('(', '[', '{') < 0;
        if (alone && Parser.Parse(text, CommaReading.Decimal) is { } decimals)
            readings.Add(decimals);
        return readings;
    }

    private static bool HasCommaBetweenDigits(string text)
    {
        for (var at = 1; at + 1 < text.Length; at++)
        {
            if (text[at] == ',' && char.IsDigit(text[at - 1]) && char.IsDigit(text[at + 1]))
                return true;
        }
        return false;
    }

    private static string Short(string text) => text.Length <= 60 ? text : $"{text[..(char.IsHighSurrogate(text[56]) ? 56 : 57)]}...";
}
