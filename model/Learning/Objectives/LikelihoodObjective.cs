namespace KnapsackCloud.Model.Learning.Objectives;

/// <summary>Supervised learning: the weighted negative log-likelihood of the completions.</summary>
public sealed class LikelihoodObjective : ITokenObjective
{
    public ObjectiveValue Evaluate(TokenPredictions predictions, PackedTargets batch) => new(-(predictions.LogProbs_M * batch.Weights_M).sum(), 0);
}
