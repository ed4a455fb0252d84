namespace KnapsackCloud.Core.Learn.Objectives;

/// <summary>
/// The clipped objective on the ratio of whole rows: GSPO (arXiv 2507.18071, eqs. 5 and 7). The unit of reward is the row,
/// and so is the unit of correction.
/// <code>
/// s   = exp(mean_t (logp_t - old_t))
/// J_t = min(s A, clip(s, 1 - low, 1 + high) A), the same for every token
/// </code>
/// </summary>
public sealed class SequenceClip(ClipRange clip) : IRowObjective
{
    public RowTerms Evaluate(ReadOnlySpan<double> logProbs_T, ReadOnlySpan<double> old_T, double advantage)
    {
        var logRatio = 0.0;
        for (var t = 0; t < logProbs_T.Length; t++) logRatio += (logProbs_T[t] - old_T[t]) / logProbs_T.Length;
        var free = Math.Exp(logRatio) * advantage;
        var bounded = clip.Bound(Math.Exp(logRatio)) * advantage;
        var clipped = bounded < free;
        var (values_T, derivatives_T) = (new double[logProbs_T.Length], new double[logProbs_T.Length]);
        values_T.AsSpan().Fill(Math.Min(free, bounded));
        // T equal values, each with a T-th of the derivative by one token.
        derivatives_T.AsSpan().Fill(clipped ? 0 : free);
        return new RowTerms(values_T, derivatives_T, clipped ? logProbs_T.Length : 0);
    }
}
