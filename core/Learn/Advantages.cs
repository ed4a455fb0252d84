namespace KnapsackCloud.Core.Learn;

/// <summary>Rewards relative to their group (GRPO, arXiv 2402.03300, section 4.1.2): A = (R - mean) / (std + eps).</summary>
public static class Advantages
{
    /// <summary>Keeps the division finite for rewards that differ by next to nothing; 1e-4 as in common GRPO trainers.</summary>
    public const double Epsilon = 1e-4;

    /// <summary>One advantage a reward, in order, by the population standard deviation. All 0 for a uniform group, exactly.</summary>
    /// <param name="rewards_G">Rewards of one group.</param>
    public static double[] OfGroup(ReadOnlySpan<double> rewards_G)
    {
        var advantages_G = new double[rewards_G.Length];
        // Uniform is tested on the rewards: the mean of equal numbers may round to another number.
        if (rewards_G.IsEmpty || !rewards_G.ContainsAnyExcept(rewards_G[0])) return advantages_G;

        var (mean, deviation) = Moments(rewards_G);
        for (var i = 0; i < advantages_G.Length; i++) advantages_G[i] = (rewards_G[i] - mean) / (deviation + Epsilon);
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
