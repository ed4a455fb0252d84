namespace KnapsackCloud.Core.Learn;

/// <summary>
/// The clipped token-level GRPO loss (arXiv 2402.03300, eq. 3 without the KL term; two clip bounds as in DAPO,
/// arXiv 2503.14476, eq. 8), scalar and in double: the oracle of the loss on tensors.
/// <code>
/// r_it = exp(logp_it - behaviour_it)
/// L    = -sum_it w_it min(r_it A_i, clip(r_it, 1 - low, 1 + high) A_i)
/// </code>
/// with weights w by <see cref="LossNormalisation"/>. A token whose clipped branch is the smaller has no gradient.
/// </summary>
public static class GrpoObjective
{
    /// <summary>One token's min(r A, clip(r) A), to be maximised, and its derivative by the log-prob: r A, or 0 when clipped.</summary>
    public static TokenTerm Term(double logProb, double behaviourLogProb, double advantage, ClipRange clip)
    {
        var ratio = Math.Exp(logProb - behaviourLogProb);
        var free = ratio * advantage;
        var bounded = Math.Clamp(ratio, 1 - clip.Low, 1 + clip.High) * advantage;
        return bounded < free ? new TokenTerm(bounded, 0, true) : new TokenTerm(free, free, false);
    }

    /// <summary>Loss of one minibatch and its derivative by every log-prob.</summary>
    /// <param name="groups">The groups of the minibatch, or the parts of groups in it.</param>
    /// <param name="logProbs">The learner's log-probs [group][row][token].</param>
    public static GrpoLoss Loss(
        IReadOnlyList<TrainingGroup> groups, IReadOnlyList<double[][]> logProbs, ClipRange clip, LossNormalisation normalisation)
    {
        var weights = TokenWeights.Of([.. groups.Select(group => group.Rows.Select(row => row.CompletionIds.Length).ToArray())], normalisation);
        var (loss, clipped) = (0.0, 0);
        var gradients = groups.Select((group, g) => group.Rows.Select((row, i) => row.LogProbs.Select((behaviour, t) =>
        {
            var term = Term(logProbs[g][i][t], behaviour, row.Advantage, clip);
            loss -= weights[g][i] * term.Value;
            if (term.Clipped) clipped++;
            return -weights[g][i] * term.Derivative;
        }).ToArray()).ToArray()).ToArray();
        return new GrpoLoss(loss, gradients, clipped);
    }
}

/// <param name="Derivative">By the learner's log-prob.</param>
/// <param name="Clipped">The clipped branch is the smaller one.</param>
public readonly record struct TokenTerm(double Value, double Derivative, bool Clipped);

/// <param name="Gradients">Derivative of the loss by each log-prob, [group][row][token].</param>
/// <param name="Clipped">Number of clipped tokens.</param>
public sealed record GrpoLoss(double Loss, double[][][] Gradients, int Clipped);
