using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>Supervised learning: the weighted negative log-likelihood of the completions.</summary>
public sealed class LikelihoodObjective : ITokenObjective
{
    public ObjectiveValue Evaluate(Tensor logProbs_M, PackedTensors batch) => new(-(logProbs_M * batch.Weights_M).sum(), 0);
}
