using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Learn.Objectives;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Learning.Objectives;

/// <summary>Policy gradient with clipped importance weights; <see cref="ClippedImportance"/> has the formula and its source.</summary>
public sealed class ClippedImportanceObjective(ClipRange clip) : ITokenObjective
{
    public ObjectiveValue Evaluate(TokenPredictions predictions, PackedTargets batch)
    {
        var ratio_M = (predictions.LogProbs_M.detach() - batch.OldLogProbs_M).exp();
        var importance_M = ratio_M.Between(1 - clip.Low, 1 + clip.High);
        var loss = -(importance_M * batch.Advantages_M * predictions.LogProbs_M * batch.Weights_M).sum();
        return new ObjectiveValue(loss, (long)(importance_M != ratio_M).sum().Value());
    }
}
