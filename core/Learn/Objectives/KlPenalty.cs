namespace KnapsackCloud.Core.Learn.Objectives;

/// <summary>
/// Estimate of the KL divergence from the reference policy at the sampled tokens, never negative and of low variance: k3 of
/// Schulman's "Approximating KL divergence" (2020), as in GRPO (arXiv 2402.03300, eq. 4).
/// <code>
/// k3_t = exp(ref_t - logp_t) - (ref_t - logp_t) - 1
/// </code>
/// </summary>
public static class KlPenalty
{
    /// <summary>The divergence at one token, and its derivative by the log-prob.</summary>
    public static (double Value, double Derivative) Of(double logProb, double referenceLogProb)
    {
        var difference = referenceLogProb - logProb;
        return (Math.Exp(difference) - difference - 1, 1 - Math.Exp(difference));
    }
}
