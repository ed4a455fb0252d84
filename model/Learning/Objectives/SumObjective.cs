using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Learning.Objectives;

/// <summary>Several objectives minimised together.</summary>
public sealed class SumObjective(IReadOnlyList<ITokenObjective> parts) : ITokenObjective
{
    public ObjectiveValue Evaluate(TokenPredictions predictions, PackedTargets batch) =>
        parts.Select(part => part.Evaluate(predictions, batch)).Aggregate((a, b) => new ObjectiveValue(a.Loss.Plus(b.Loss), a.Clipped + b.Clipped));
}
