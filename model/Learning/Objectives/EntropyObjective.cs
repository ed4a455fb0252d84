using KnapsackCloud.Core.Learn.Objectives;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Learning.Objectives;

/// <summary>Weighted entropy, to be raised; <see cref="EntropyBonus"/> has the formula and its source. Goes over the tokens of mixed groups.</summary>
/// <param name="coefficient">Above 0.</param>
public sealed class EntropyObjective(double coefficient) : ITokenObjective
{
    public ObjectiveValue Evaluate(TokenPredictions predictions, PackedTargets batch) =>
        new((predictions.Entropies_M * batch.Weights_M).sum().Times(-coefficient), 0);
}
