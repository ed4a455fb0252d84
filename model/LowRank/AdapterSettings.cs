using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Model.LowRank;

/// <summary>Shape of a low-rank adapter (LoRA, arXiv 2106.09685): W becomes W + alpha / rank B A for every target matrix.</summary>
/// <param name="Targets">Names of projections, in the order of <see cref="AdapterSpec.AllTargets"/>.</param>
public sealed record AdapterSettings(int Rank, double Alpha, IReadOnlyList<string> Targets)
{
    public double Scale => Alpha / Rank;

    public static AdapterSettings From(AdapterSpec spec) => new(spec.Rank, spec.EffectiveAlpha, spec.TargetNames);
}
