using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;

namespace KnapsackCloud.Model.Learning;

/// <summary>Losses and normalisations by their names in a spec.</summary>
public static class Objectives
{
    private static readonly Dictionary<string, Func<LearningSpec, ITokenObjective>> Losses = new(StringComparer.Ordinal)
    {
        ["grpo"] = learning => new ClippedObjective(new ClipRange(learning.ClipLow, learning.ClipHigh)),
    };

    private static readonly Dictionary<string, LossNormalisation> Normalisations = new(StringComparer.Ordinal)
    {
        ["effective"] = LossNormalisation.Effective,
        ["sequence"] = LossNormalisation.Sequence,
        ["prompt"] = LossNormalisation.Prompt,
    };

    /// <exception cref="InvalidInputException">There is no such loss.</exception>
    public static ITokenObjective Loss(LearningSpec learning) => Find(Losses, learning.Loss, "learning.loss")(learning);

    /// <exception cref="InvalidInputException">There is no such normalisation.</exception>
    public static LossNormalisation Normalisation(LearningSpec learning) => Find(Normalisations, learning.Normalisation, "learning.normalisation");

    private static T Find<T>(Dictionary<string, T> known, string name, string place) =>
        known.TryGetValue(name, out var found)
            ? found
            : throw new InvalidInputException(place, $"'{name}' is unknown; use {string.Join(", ", known.Keys.Order(StringComparer.Ordinal))}");
}
