using KnapsackCloud.Core.Learn.Objectives;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning.Objectives;

/// <summary>Weighted divergence from the reference policy; <see cref="KlPenalty"/> has the formula and its source. Goes over the tokens of mixed groups.</summary>
/// <param name="coefficient">Above 0.</param>
public sealed class KlObjective(double coefficient) : ITokenObjective
{
    public ObjectiveValue Evaluate(TokenPredictions predictions, PackedTargets batch)
    {
        var divergence_M = Divergence(predictions) ?? throw new ArgumentException("a KL penalty needs the log-probs of a reference policy", nameof(predictions));
        return new ObjectiveValue((divergence_M * batch.Weights_M).sum().Times(coefficient), 0);
    }

    /// <summary>k3 at each token; null without a reference.</summary>
    internal static Tensor? Divergence(TokenPredictions predictions)
    {
        if (predictions.ReferenceLogProbs_M is not { } reference_M) return null;
        var difference_M = reference_M - predictions.LogProbs_M;
        return difference_M.exp() - difference_M - ones_like(difference_M);
    }
}
