namespace KnapsackCloud.Core.Learn.Objectives;

/// <summary>
/// Policy gradient with clipped importance weights: CISPO (MiniMax-M1, arXiv 2506.13585, eqs. 4 and 5). The weight is a
/// constant to the gradient, so that no token is ever left out of it.
/// <code>
/// J_t = clip(r_t, 1 - low, 1 + high) A logp_t, r_t = exp(logp_t - old_t), without gradient through the weight
/// </code>
/// </summary>
public sealed class ClippedImportance(ClipRange clip) : IRowObjective
{
    public RowTerms Evaluate(ReadOnlySpan<double> logProbs_T, ReadOnlySpan<double> old_T, double advantage)
    {
        var (values_T, derivatives_T, clipped) = (new double[logProbs_T.Length], new double[logProbs_T.Length], 0);
        for (var t = 0; t < logProbs_T.Length; t++)
        {
            var ratio = Math.Exp(logProbs_T[t] - old_T[t]);
            derivatives_T[t] = clip.Bound(ratio) * advantage;
            values_T[t] = derivatives_T[t] * logProbs_T[t];
            if (clip.Bound(ratio) != ratio) clipped++;
        }

        return new RowTerms(values_T, derivatives_T, clipped);
    }
}
