using System.Buffers;
using KnapsackCloud.Core.Rewards.Maths.Syntax;

namespace KnapsackCloud.Core.Rewards.Maths.Extraction;

/// <summary>Answers in <c>\boxed{}</c> or <c>\fbox{}</c>.</summary>
internal static class Boxes
{
    private const int LongestGap = 60;
    private const int MaxTried = 12;

    private static readonly SearchValues<char> s_stops = SearchValues.Create(" $\n.,\\");

    /// <summary>What the last box holds, together with those before it that belong to it; null without a box.</summary>
    public static string? Last(string text)
    {
        var boxes = new List<(int Start, int End, string Content)>();
        for (var (from, tried) = (text.Length, 0); from > 0 && tried < MaxTried; tried++)
        {
            var at = Math.Max(text.LastIndexOf("\\boxed", from - 1, StringComparison.Ordinal), text.LastIndexOf("\\fbox", from - 1, StringComparison.Ordinal));
            if (at < 0)
                break;
            from = at;
            if (Read(text, at) is not { } box || (boxes.Count > 0 && box.End > boxes[^1].Start))
                continue;
            if (boxes.Count > 0 && !Joins(text.AsSpan(box.End, boxes[^1].Start - box.End)))
                break;
            boxes.Add(box);
        }
        boxes.Reverse();
        return boxes.Count == 0 ? null : string.Join(", ", boxes.Select(box => box.Content));
    }

    private static (int Start, int End, string Content)? Read(string text, int at)
    {
        var open = at + (text[at + 1] == 'b' ? "\\boxed".Length : "\\fbox".Length);
        while (open < text.Length && text[open] == ' ')
            open++;
        if (open >= text.Length)
            return null;
        if (text[open] != '{')
        {
            // \boxed 5
            var stop = text.AsSpan(open).IndexOfAny(s_stops);
            var end = stop < 0 ? text.Length : open + stop;
            return end > open ? (at, end, text[open..end]) : null;
        }
        var close = Braces.Close(text, open);
        // A box that never closes ends with its line.
        if (close < 0)
        {
            var line = text.IndexOf('\n', open);
            return (at, text.Length, text[(open + 1)..(line < 0 ? text.Length : line)]);
        }
        return (at, close + 1, text[(open + 1)..close]);
    }

    // Between two boxes of one answer stand marks, one "and" or "or", or words in \text{}.
    private static bool Joins(ReadOnlySpan<char> gap)
    {
        if (gap.Length > LongestGap)
            return false;
        var connectives = 0;
        for (var at = 0; at < gap.Length; at++)
        {
            if (gap[at] == '\\')
            {
                var name = at + 1;
                while (name < gap.Length && char.IsAsciiLetter(gap[name]))
                    name++;
                if (gap[(at + 1)..name] is "text" or "mbox" or "textrm" && name < gap.Length && gap[name] == '{')
                    name = Math.Max(name, at + Braces.Close(gap[at..], name - at) + 1);
                else if (!(gap[(at + 1)..name] is "quad" or "qquad" or ""))
                    return false;
                at = Math.Max(at, name - 1);
            }
            else if (char.IsLetter(gap[at]))
            {
                var end = at;
                while (end < gap.Length && char.IsLetter(gap[end]))
                    end++;
                if (!(gap[at..end] is "and" or "or") || ++connectives > 1)
                    return false;
                at = end - 1;
            }
            else if (char.IsDigit(gap[at]) || gap[at] is '=' or '\n')
                return false;
        }
        return true;
    }
}
