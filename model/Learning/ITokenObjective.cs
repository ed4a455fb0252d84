using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>What an update minimises, as a function of the log-probs of the predicted tokens. Stateless.</summary>
public interface ITokenObjective
{
    /// <param name="logProbs_M">The learner's log-probs, requiring gradients.</param>
    ObjectiveValue Evaluate(Tensor logProbs_M, PackedTensors batch);
}

/// <param name="Loss">Scalar, differentiable by the log-probs; the losses of the microbatches of a minibatch add up.</param>
/// <param name="Clipped">Tokens whose ratio was clipped.</param>
public readonly record struct ObjectiveValue(Tensor Loss, long Clipped);
