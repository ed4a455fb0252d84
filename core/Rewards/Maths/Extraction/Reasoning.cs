namespace KnapsackCloud.Core.Rewards.Maths.Extraction;

/// <summary>Cuts a completion down to what it says after it has thought.</summary>
internal static class Reasoning
{
    private const string Open = "<think>";
    private const string Close = "</think>";

    /// <summary>Of a longer answer only the end is read.</summary>
    private const int MaxAnswer = 20_000;

    /// <summary>The text after the last closing tag; empty while the model still thinks; without tags the whole text.</summary>
    public static string Answer(string completion)
    {
        var close = completion.LastIndexOf(Close, StringComparison.Ordinal);
        var text = close >= 0 ? completion[(close + Close.Length)..] : completion;
        if (text.Contains(Open, StringComparison.Ordinal))
            return "";
        text = BeforeNextTurn(Tagged(text));
        return text.Length <= MaxAnswer ? text : text[^MaxAnswer..];
    }

    // <answer>...</answer>, the last one, when it closes.
    private static string Tagged(string text)
    {
        const string open = "<answer>", close = "</answer>";
        var end = text.LastIndexOf(close, StringComparison.Ordinal);
        var start = end < 0 ? -1 : text.LastIndexOf(open, end, StringComparison.Ordinal);
        return start < 0 ? text : text[(start + open.Length)..end];
    }

    // "<|im_start|>user": whatever comes next is not the answer any more.
    private static string BeforeNextTurn(string text)
    {
        text = text.TrimStart();
        var at = text.IndexOf("<|", Math.Min(1, text.Length), StringComparison.Ordinal);
        return at > 0 && text.IndexOf("|>", at, StringComparison.Ordinal) is var end && end > at && end - at < 40 ? text[..at] : text;
    }
}
