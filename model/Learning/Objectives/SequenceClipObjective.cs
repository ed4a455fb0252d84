using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Learn.Objectives;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning.Objectives;

/// <summary>The clipped loss on the ratio of whole rows; <see cref="SequenceClip"/> has the formula and its source.</summary>
public sealed class SequenceClipObjective(ClipRange clip) : ITokenObjective
{
    public ObjectiveValue Evaluate(TokenPredictions predictions, PackedTargets batch)
    {
        var logRatio_M = (predictions.LogProbs_M - batch.OldLogProbs_M) * batch.RowShares_M;
        var logRatio_R = zeros(batch.Layout.TrainedRows, dtype: logRatio_M.dtype).scatter_add(0, batch.RowIndex_M, logRatio_M);
        var ratio_M = logRatio_R.exp().index_select(0, batch.RowIndex_M);
        var free_M = ratio_M * batch.Advantages_M;
        var bounded_M = ratio_M.Between(1 - clip.Low, 1 + clip.High) * batch.Advantages_M;
        return new ObjectiveValue(-(minimum(free_M, bounded_M) * batch.Weights_M).sum(), (long)(bounded_M < free_M).sum().Value());
    }
}
