using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Learn;

/// <summary>
/// The losses by name, each with the settings of its paper where a spec does not say otherwise. The names differ in formula
/// (<c>core/Learn/Objectives</c>), advantages, normalisation and clip range.
/// </summary>
public static class LossPresets
{
    public const string Grpo = "grpo";
    public const string DrGrpo = "dr_grpo";
    public const string Dapo = "dapo";
    public const string Gspo = "gspo";
    public const string Cispo = "cispo";

    private static readonly Dictionary<string, LearningSpec> Presets = new(StringComparer.Ordinal)
    {
        // arXiv 2402.03300, with the clip range and token mean of DAPO, which do not depend on how many rollouts are effective.
        [Grpo] = new() { Loss = Grpo },
        // arXiv 2503.20783: no division by the deviation, and a constant in place of each completion's length.
        [DrGrpo] = new() { Loss = DrGrpo, Advantages = "none", Normalisation = "constant", ClipHigh = 0.2 },
        // arXiv 2503.14476: higher upper clip, token mean over the groups that are left after uniform ones are filtered.
        [Dapo] = new() { Loss = Dapo, Normalisation = "effective", ClipHigh = 0.28 },
        // arXiv 2507.18071, section 5.1: sequence ratios stay close to 1, and so does their clip range.
        [Gspo] = new() { Loss = Gspo, Normalisation = "sequence", ClipLow = 3e-4, ClipHigh = 4e-4 },
        // arXiv 2506.13585, section 3.1: no lower bound; the upper one is ours, the paper gives none.
        [Cispo] = new() { Loss = Cispo, Normalisation = "effective", ClipLow = 1, ClipHigh = 4 },
    };

    public static IReadOnlyList<string> Names { get; } = [.. Presets.Keys];

    /// <summary>Every learning setting as it is when a spec names only the loss.</summary>
    /// <exception cref="KeyNotFoundException">There is no such loss.</exception>
    public static LearningSpec Of(string loss) => Presets[loss];

    /// <summary>The formula is <c>TokenClip</c>, which a dual clip can bound.</summary>
    public static bool ClipsTokenRatios(string loss) => loss is Grpo or DrGrpo or Dapo;
}
