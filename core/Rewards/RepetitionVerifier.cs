namespace KnapsackCloud.Core.Rewards;

/// <summary>Minus the share of word n-grams that repeat an earlier one; the gold answer is not looked at.</summary>
internal sealed class RepetitionVerifier : IVerifier
{
    private const int Words = 3;

    public string Name => "repetition";

    public Verdict Score(string gold, string completion)
    {
        var penalty = RepetitionPenalty.Of(completion, Words, -1);
        return Verdict.Of(Name, penalty, penalty == 0 ? "nothing repeats" : $"{-100 * penalty:0.#}% of the word triples repeat");
    }
}
