using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Rewards;

/// <summary>A weighted sum of rewards, with every part recorded unweighted under its own name.</summary>
internal static class WeightedSum
{
    /// <summary>The first part without a reward makes the whole one without: an error is not a zero.</summary>
    public static Verdict Of(IEnumerable<(double Weight, string Name, Verdict Verdict)> terms)
    {
        var sum = 0.0;
        var parts = new List<RewardPart>();
        var reasons = new List<string>();
        foreach (var (weight, name, verdict) in terms)
        {
            if (verdict.Reward is not { } reward) return verdict with { Reason = $"{name}: {verdict.Reason}" };
            sum += weight * reward;
            parts.AddRange(verdict.Parts);
            reasons.Add($"{name}: {verdict.Reason}");
        }

        return new Verdict { Reward = sum, Parts = parts, Reason = string.Join("; ", reasons) };
    }
}
