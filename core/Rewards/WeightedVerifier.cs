namespace KnapsackCloud.Core.Rewards;

/// <summary>A weighted sum of verifiers.</summary>
internal sealed class WeightedVerifier(string name, IReadOnlyList<(double Weight, IVerifier Verifier)> terms) : IVerifier
{
    public string Name => name;

    public Verdict Score(string gold, string completion) =>
        WeightedSum.Of(terms.Select(term => (term.Weight, term.Verifier.Name, term.Verifier.Score(gold, completion))));
}
