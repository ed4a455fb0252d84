using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning.Objectives;

/// <summary>What an update minimises, as a function of what the model says of the predicted tokens. Stateless.</summary>
public interface ITokenObjective
{
    ObjectiveValue Evaluate(TokenPredictions predictions, PackedTargets batch);
}

/// <summary>What the learner's policy says of the M predicted tokens, under the temperature they were sampled with.</summary>
/// <param name="LogProbs_M">Of the targets; a leaf that collects gradients.</param>
/// <param name="Entropies_M">Of the M distributions, in nats; a leaf that collects gradients.</param>
/// <param name="ReferenceLogProbs_M">Of the targets under the reference policy; null without one.</param>
public readonly record struct TokenPredictions(Tensor LogProbs_M, Tensor Entropies_M, Tensor? ReferenceLogProbs_M);

/// <param name="Loss">Scalar, differentiable by the log-probs and entropies; the losses of the microbatches of a minibatch add up.</param>
/// <param name="Clipped">Tokens whose ratio was clipped.</param>
public readonly record struct ObjectiveValue(Tensor Loss, long Clipped);
