namespace KnapsackCloud.Core.Learn.Objectives;

/// <summary>
/// Loss of a minibatch under a row objective: <c>L = -sum_it w_it J_it</c> with the weights of a normalisation.
/// </summary>
/// <param name="Gradients">Derivative of the loss by each log-prob, [group][row][token].</param>
/// <param name="Clipped">Number of clipped tokens.</param>
public sealed record MinibatchLoss(double Loss, double[][][] Gradients, int Clipped)
{
    /// <param name="groups">The groups of the minibatch, or the parts of groups in it.</param>
    /// <param name="logProbs">The learner's log-probs [group][row][token].</param>
    public static MinibatchLoss Of(
        IReadOnlyList<TrainingGroup> groups, IReadOnlyList<double[][]> logProbs, IRowObjective objective, NormalisationRule normalisation)
    {
        var weights = normalisation.Weights([.. groups.Select(group => group.Rows.Select(row => row.CompletionIds.Length).ToArray())]);
        var (loss, clipped) = (0.0, 0);
        var gradients = groups.Select((group, g) => group.Rows.Select((row, i) =>
        {
            var terms = objective.Evaluate(logProbs[g][i], [.. row.LogProbs.Select(logProb => (double)logProb)], row.Advantage);
            loss -= weights[g][i] * terms.Values_T.Sum();
            clipped += terms.Clipped;
            return terms.Derivatives_T.Select(derivative => -weights[g][i] * derivative).ToArray();
        }).ToArray()).ToArray();
        return new MinibatchLoss(loss, gradients, clipped);
    }
}
