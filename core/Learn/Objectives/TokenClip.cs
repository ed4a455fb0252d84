namespace KnapsackCloud.Core.Learn.Objectives;

/// <summary>
/// The clipped objective on the ratio of single tokens: GRPO (arXiv 2402.03300, eq. 3), DAPO (arXiv 2503.14476, eq. 8) and
/// Dr. GRPO (arXiv 2503.20783), which differ in advantages and normalisation only.
/// <code>
/// r_t = exp(logp_t - old_t)
/// J_t = min(r_t A, clip(r_t, 1 - low, 1 + high) A), and for A &lt; 0 not below c A with a dual clip of c (arXiv 1912.09729, eq. 5)
/// </code>
/// A token whose clipped branch is the smaller, or whose ratio exceeds the dual clip, has no gradient.
/// </summary>
/// <param name="dualClip">c, above 1 + high; null for none.</param>
public sealed class TokenClip(ClipRange clip, double? dualClip = null) : IRowObjective
{
    public RowTerms Evaluate(ReadOnlySpan<double> logProbs_T, ReadOnlySpan<double> old_T, double advantage)
    {
        var (values_T, derivatives_T, clipped) = (new double[logProbs_T.Length], new double[logProbs_T.Length], 0);
        for (var t = 0; t < logProbs_T.Length; t++)
        {
            var free = Math.Exp(logProbs_T[t] - old_T[t]) * advantage;
            var bounded = clip.Bound(Math.Exp(logProbs_T[t] - old_T[t])) * advantage;
            var least = advantage < 0 && dualClip is { } dual ? dual * advantage : double.NegativeInfinity;
            values_T[t] = Math.Max(Math.Min(free, bounded), least);
            if (bounded < free || free < least) clipped++;
            else derivatives_T[t] = free;
        }

        return new RowTerms(values_T, derivatives_T, clipped);
    }
}
