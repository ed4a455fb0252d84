using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Learn.Objectives;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning.Objectives;

/// <summary>The clipped loss on the ratio of single tokens; <see cref="TokenClip"/> has the formula and its sources.</summary>
public sealed class TokenClipObjective(ClipRange clip, double? dualClip = null) : ITokenObjective
{
    public ObjectiveValue Evaluate(TokenPredictions predictions, PackedTargets batch)
    {
        var ratio_M = (predictions.LogProbs_M - batch.OldLogProbs_M).exp();
        var free_M = ratio_M * batch.Advantages_M;
        var bounded_M = ratio_M.Between(1 - clip.Low, 1 + clip.High) * batch.Advantages_M;
        var clipped_M = bounded_M < free_M;
        var worth_M = minimum(free_M, bounded_M);
        if (dualClip is { } dual)
        {
            // Of unrewarded rows only: the others are bounded by the clip already, and their least worth is 0 or more.
            var least_M = minimum(batch.Advantages_M, zeros_like(batch.Advantages_M)).Times(dual);
            clipped_M = clipped_M.logical_or(free_M < least_M);
            worth_M = maximum(worth_M, least_M);
        }

        return new ObjectiveValue(-(worth_M * batch.Weights_M).sum(), (long)clipped_M.sum().Value());
    }
}
