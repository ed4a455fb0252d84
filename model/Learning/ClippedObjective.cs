using KnapsackCloud.Core.Learn;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>The token-level clipped loss of GRPO and DAPO on tensors; <see cref="GrpoObjective"/> has the formula and its sources.</summary>
public sealed class ClippedObjective(ClipRange clip) : ITokenObjective
{
    public ObjectiveValue Evaluate(Tensor logProbs_M, PackedTensors batch)
    {
        var ratio_M = (logProbs_M - batch.BehaviourLogProbs_M).exp();
        var free_M = ratio_M * batch.Advantages_M;
        var bounded_M = ratio_M.clamp(1 - clip.Low, 1 + clip.High) * batch.Advantages_M;
        var loss = -(minimum(free_M, bounded_M) * batch.Weights_M).sum();
        return new ObjectiveValue(loss, (bounded_M < free_M).sum().item<long>());
    }
}
