namespace KnapsackCloud.Core.Learn.Objectives;

/// <summary>
/// Entropy of one token's distribution, which a bonus keeps from collapsing (A3C, arXiv 1602.01783, section 4).
/// <code>
/// p = softmax(z);  H = -sum_v p_v ln p_v;  dH/dz_v = -p_v (ln p_v + H)
/// </code>
/// </summary>
public static class EntropyBonus
{
    /// <summary>The entropy in nats, and its derivative by every logit.</summary>
    public static (double Value, double[] Derivatives_V) Of(ReadOnlySpan<double> logits_V)
    {
        var most = double.NegativeInfinity;
        foreach (var logit in logits_V) most = Math.Max(most, logit);
        var total = 0.0;
        foreach (var logit in logits_V) total += Math.Exp(logit - most);
        var logProbs_V = new double[logits_V.Length];
        for (var v = 0; v < logProbs_V.Length; v++) logProbs_V[v] = logits_V[v] - most - Math.Log(total);
        var entropy = -logProbs_V.Sum(logProb => Math.Exp(logProb) * logProb);
        return (entropy, [.. logProbs_V.Select(logProb => -Math.Exp(logProb) * (logProb + entropy))]);
    }
}
