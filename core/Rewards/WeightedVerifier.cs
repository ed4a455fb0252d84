using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Rewards;

/// <summary>A weighted sum of rewards, with every part recorded unweighted under its own name.</summary>
internal sealed class WeightedVerifier(string name, IReadOnlyList<(double Weight, IVerifier Verifier)> terms) : IVerifier
{
    public string Name => name;

    /// <summary>The first part without a reward makes the whole one without: an error is not a zero.</summary>
    public Verdict Score(string gold, string completion)
    {
        var sum = 0.0;
        var parts = new List<RewardPart>();
        var reasons = new List<string>();
        foreach (var (weight, verifier) in terms)
        {
            var verdict = verifier.Score(gold, completion);
            if (verdict.Reward is not { } reward)
                return verdict with { Reason = $"{verifier.Name}: {verdict.Reason}" };
            sum += weight * reward;
            parts.AddRange(verdict.Parts);
            reasons.Add($"{verifier.Name}: {verdict.Reason}");
        }
        return new Verdict { Reward = sum, Parts = parts, Reason = string.Join("; ", reasons) };
    }
}
