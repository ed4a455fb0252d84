using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;

namespace KnapsackCloud.Model.Learning.Objectives;

/// <summary>Makes the objective that a spec asks for.</summary>
public static class ObjectiveFactory
{
    private static readonly Dictionary<string, Func<LearningSpec, ITokenObjective>> Losses = new(StringComparer.Ordinal)
    {
        [LossPresets.Grpo] = TokenClip,
        [LossPresets.DrGrpo] = TokenClip,
        [LossPresets.Dapo] = TokenClip,
        [LossPresets.Gspo] = learning => new SequenceClipObjective(Clip(learning)),
        [LossPresets.Cispo] = learning => new ClippedImportanceObjective(Clip(learning)),
    };

    /// <summary>Loss, KL penalty and entropy bonus, as far as they are on. Needs a checked spec.</summary>
    public static ITokenObjective Of(LearningSpec learning)
    {
        var parts = new List<ITokenObjective> { Losses[learning.Loss](learning) };
        if (learning.KlCoefficient > 0) parts.Add(new KlObjective(learning.KlCoefficient));
        if (learning.EntropyBonus > 0) parts.Add(new EntropyObjective(learning.EntropyBonus));
        return parts.Count == 1 ? parts[0] : new SumObjective(parts);
    }

    /// <exception cref="InvalidInputException">The loss, normalisation or advantages are unknown: every one of them.</exception>
    public static void Check(LearningSpec learning)
    {
        var errors = new List<InputError>();
        Require(Losses.Keys, learning.Loss, "learning.loss");
        Require(LossNormalisations.Names, learning.Normalisation, "learning.normalisation");
        Require(AdvantageNormalisations.Names, learning.Advantages, "learning.advantages");
        if (errors.Count > 0) throw new InvalidInputException(errors);

        void Require(IReadOnlyCollection<string> known, string name, string place)
        {
            if (!known.Contains(name)) errors.Add(new InputError(place, $"'{name}' is unknown; use {string.Join(", ", known)}"));
        }
    }

    private static TokenClipObjective TokenClip(LearningSpec learning) => new(Clip(learning), learning.DualClip);

    private static ClipRange Clip(LearningSpec learning) => new(learning.ClipLow, learning.ClipHigh);
}
