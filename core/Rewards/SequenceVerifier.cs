using System.Buffers;
using KnapsackCloud.Core.Rewards.Maths.Extraction;
using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards;

/// <summary>
/// 1 when the last list of numbers in the completion, or in its last box, is the gold list in the gold order, however the
/// numbers are separated: <c>-3, 5, 9</c>, <c>[-3 5 9]</c>, <c>-3 &lt; 5 &lt; 9</c>.
/// </summary>
internal sealed class SequenceVerifier : IVerifier
{
    private static readonly SearchValues<char> s_between = SearchValues.Create(" \t\r\n,;[](){}<>$\\\"'≤");

    public string Name => "sequence";

    public Verdict Score(string gold, string completion)
    {
        var wanted = LastList(gold);
        if (wanted.Count == 0)
            return new Verdict { Status = VerdictStatus.UnparsableGold, Reason = "the gold answer has no numbers" };
        var answer = Reasoning.Answer(completion);
        var found = LastList(Boxes.Last(answer) ?? answer);
        if (found.SequenceEqual(wanted))
            return Verdict.Of(Name, 1, $"{wanted.Count} numbers in order");
        return Verdict.Of(Name, 0, found.Count == 0 ? "no numbers found" : found.Count == wanted.Count ? "not these numbers in this order" : $"{found.Count} numbers, not {wanted.Count}");
    }

    private static List<Rational> LastList(string text)
    {
        var list = new List<Rational>();
        for (int at = 0, end = 0; at < text.Length;)
        {
            var length = NumberLength(text, at);
            if (length == 0)
            {
                at++;
                continue;
            }
            if (!IsBetween(text.AsSpan(end, at - end)))
                list.Clear();
            if (NumberText.Parse(text.Substring(at, length).Replace('−', '-')) is { } number)
                list.Add(number);
            at = end = at + length;
        }
        return list;
    }

    // Commas separate here, so that 1,234 is two numbers. A minus after a digit or letter is no sign.
    private static int NumberLength(string text, int start)
    {
        if (start > 0 && (char.IsLetterOrDigit(text[start - 1]) || text[start - 1] == '_'))
            return 0;
        var at = start + (text[start] is '-' or '−' ? 1 : 0);
        var digits = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        if (at == digits)
            return 0;
        if (at + 1 < text.Length && text[at] == '.' && char.IsAsciiDigit(text[at + 1]))
        {
            at++;
            while (at < text.Length && char.IsAsciiDigit(text[at]))
                at++;
        }
        return at - start;
    }

    private static bool IsBetween(ReadOnlySpan<char> gap) => gap.Trim() is "and" or ", and" || !gap.ContainsAnyExcept(s_between);
}
