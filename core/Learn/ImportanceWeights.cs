namespace KnapsackCloud.Core.Learn;

/// <summary>
/// Truncated importance sampling (Ionides 2008, doi 10.1198/106186008X320456): what was sampled by one policy weighs
/// <code>
/// w_t = min(exp(logp_t - behaviour_t), cap)
/// </code>
/// in the update of another, so that the update is the one that rollouts of its own would have given, but for the truncation, which
/// bounds the variance. Clipped ratios are then those to the policy that is updated, as in the decoupled objective of arXiv 2110.00641,
/// section 3. Corrects for a lag, and for any other difference between sampler and learner.
/// </summary>
public static class ImportanceWeights
{
    /// <param name="logProbs_T">Of a completion's tokens under the policy before the update.</param>
    /// <param name="behaviour_T">Under the policy that sampled them.</param>
    /// <param name="cap">1 or more.</param>
    /// <param name="ofSequence">One weight for the whole completion, by its geometric mean, as where ratios are those of sequences (arXiv 2507.18071, eq. 7).</param>
    /// <param name="truncated">Tokens whose weight met the cap.</param>
    /// <returns>A weight a token; not a number where a log-prob is not finite, so that the update is skipped as it would be without a correction.</returns>
    public static float[] Of(ReadOnlySpan<float> logProbs_T, ReadOnlySpan<float> behaviour_T, double cap, bool ofSequence, out int truncated)
    {
        var (weights_T, mean) = (new float[logProbs_T.Length], 0.0);
        for (var t = 0; t < weights_T.Length; t++) mean += ((double)logProbs_T[t] - behaviour_T[t]) / weights_T.Length;
        truncated = 0;
        for (var t = 0; t < weights_T.Length; t++)
        {
            var logRatio = ofSequence ? mean : (double)logProbs_T[t] - behaviour_T[t];
            if (logRatio > Math.Log(cap)) truncated++;
            weights_T[t] = double.IsFinite(logRatio) ? (float)Math.Min(Math.Exp(logRatio), cap) : float.NaN;
        }

        return weights_T;
    }
}
