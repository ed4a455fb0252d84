namespace KnapsackCloud.Core.Rewards;

/// <summary>
/// 1 when the completion is one <c>&lt;think&gt;</c> block and then an answer; the gold answer is not looked at.
/// </summary>
/// <param name="answerTags">The answer must stand in <c>&lt;answer&gt;</c> tags that end the completion.</param>
internal sealed class FormatVerifier(bool answerTags) : IVerifier
{
    private const string OpenThink = "<think>";
    private const string CloseThink = "</think>";
    private const string OpenAnswer = "<answer>";
    private const string CloseAnswer = "</answer>";

    public string Name => answerTags ? "format" : "think-format";

    public Verdict Score(string gold, string completion)
    {
        var flaw = answerTags ? FlawOfBoth(completion) : FlawOfThinking(completion);
        return Verdict.Of(Name, flaw is null ? 1 : 0, flaw ?? "as asked");
    }

    private static string? FlawOfThinking(string completion)
    {
        if (!completion.StartsWith(OpenThink, StringComparison.Ordinal))
            return $"does not begin with {OpenThink}";
        if (completion.IndexOf(OpenThink, OpenThink.Length, StringComparison.Ordinal) >= 0)
            return $"{OpenThink} more than once";
        return completion.Contains(CloseThink, StringComparison.Ordinal) ? null : $"no {CloseThink}";
    }

    private static string? FlawOfBoth(string completion)
    {
        if (FlawOfThinking(completion) is { } flaw)
            return flaw;
        var rest = completion[(completion.IndexOf(CloseThink, StringComparison.Ordinal) + CloseThink.Length)..].TrimStart();
        if (!rest.StartsWith(OpenAnswer, StringComparison.Ordinal))
            return $"{OpenAnswer} does not follow {CloseThink}";
        return rest.EndsWith(CloseAnswer, StringComparison.Ordinal) ? null : $"does not end with {CloseAnswer}";
    }
}
