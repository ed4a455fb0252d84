namespace KnapsackCloud.Core.Learn;

/// <summary>What a group's rewards are measured by.</summary>
public enum AdvantageNormalisation
{
    /// <summary>A = (R - mean) / (std + eps), by the population standard deviation: GRPO (arXiv 2402.03300, section 4.1.2).</summary>
    Deviation,
    /// <summary>A = R - mean: Dr. GRPO (arXiv 2503.20783, section 3.2), which does not weigh tasks by how even their outcomes are.</summary>
    None,
    /// <summary>A = R - mean of the others: RLOO (arXiv 2402.14740, section 2.3), an unbiased baseline. G / (G - 1) times that of <see cref="None"/>.</summary>
    LeaveOneOut,
}

/// <summary>Advantage normalisations by their names in a spec.</summary>
public static class AdvantageNormalisations
{
    private static readonly Dictionary<string, AdvantageNormalisation> Known = new(StringComparer.Ordinal)
    {
        ["std"] = AdvantageNormalisation.Deviation,
        ["none"] = AdvantageNormalisation.None,
        ["leave-one-out"] = AdvantageNormalisation.LeaveOneOut,
    };

    public static IReadOnlyList<string> Names { get; } = [.. Known.Keys];

    /// <exception cref="KeyNotFoundException">There is no such normalisation.</exception>
    public static AdvantageNormalisation Of(string name) => Known[name];
}

/// <summary>Rewards relative to their group.</summary>
public static class Advantages
{
    /// <summary>Keeps the division finite for rewards that differ by next to nothing; 1e-4 as in common GRPO trainers.</summary>
    public const double Epsilon = 1e-4;

    /// <summary>One advantage a reward, in order. All 0 for a uniform group, exactly.</summary>
    /// <param name="rewards_G">Rewards of one group.</param>
    public static double[] OfGroup(ReadOnlySpan<double> rewards_G, AdvantageNormalisation normalisation = AdvantageNormalisation.Deviation)
    {
        var advantages_G = new double[rewards_G.Length];
        // Uniform is tested on the rewards: the mean of equal numbers may round to another number.
        if (rewards_G.IsEmpty || !rewards_G.ContainsAnyExcept(rewards_G[0])) return advantages_G;

        var (mean, deviation) = Moments(rewards_G);
        var divisor = normalisation switch
        {
            AdvantageNormalisation.Deviation => deviation + Epsilon,
            AdvantageNormalisation.None => 1,
            AdvantageNormalisation.LeaveOneOut => (rewards_G.Length - 1.0) / rewards_G.Length,
            _ => throw new ArgumentOutOfRangeException(nameof(normalisation), normalisation, "unknown"),
        };
        for (var i = 0; i < advantages_G.Length; i++) advantages_G[i] = (rewards_G[i] - mean) / divisor;
        return advantages_G;
    }

    private static (double Mean, double Deviation) Moments(ReadOnlySpan<double> rewards_G)
    {
        var sum = 0.0;
        foreach (var reward in rewards_G) sum += reward;
        var mean = sum / rewards_G.Length;
        var squares = 0.0;
        foreach (var reward in rewards_G) squares += (reward - mean) * (reward - mean);
        return (mean, Math.Sqrt(squares / rewards_G.Length));
    }
}
