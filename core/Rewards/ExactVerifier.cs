namespace KnapsackCloud.Core.Rewards;

/// <summary>1 when the completion is the gold answer, character by character, but for white space around either.</summary>
internal sealed class ExactVerifier : IVerifier
{
    public string Name => "exact";

    public Verdict Score(string gold, string completion)
    {
        var equal = completion.AsSpan().Trim().SequenceEqual(gold.AsSpan().Trim());
        return Verdict.Of(Name, equal ? 1 : 0, equal ? "same text" : "different text");
    }
}
