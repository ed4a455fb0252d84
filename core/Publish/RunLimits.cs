using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Estimate;

namespace KnapsackCloud.Core.Publish;

/// <summary>Totals of a run and where its limits stop it. Pure.</summary>
public static class RunLimits
{
    /// <param name="learning">Null where only the rollouts count.</param>
    public static RunTotals TotalsOf(StepSummary summary, LearningSummary? learning) => new()
    {
        Rollouts = summary.Rollouts,
        MixedRollouts = summary.MixedRollouts,
        Groups = summary.Groups,
        MixedGroups = summary.MixedGroups,
        Tokens = summary.Tokens,
        GpuSeconds = summary.GenerationSeconds + (learning?.Seconds ?? 0),
    };

    public static RunTotals Add(RunTotals left, RunTotals right) => new()
    {
        Rollouts = left.Rollouts + right.Rollouts,
        MixedRollouts = left.MixedRollouts + right.MixedRollouts,
        Groups = left.Groups + right.Groups,
        MixedGroups = left.MixedGroups + right.MixedGroups,
        Tokens = left.Tokens + right.Tokens,
        GpuSeconds = left.GpuSeconds + right.GpuSeconds,
    };

    /// <summary>Every limit that can be set, with what is used of it; null where it is not set.</summary>
    /// <param name="age">Since the run was started.</param>
    public static IReadOnlyList<LimitUse> Uses(LimitsSpec limits, RunTotals totals, TimeSpan age) =>
    [
        new("rollouts", totals.Rollouts, limits.Rollouts),
        new("gpuSeconds", totals.GpuSeconds, limits.GpuSeconds),
        new("seconds", age.TotalSeconds, limits.Seconds),
        new("usd", limits.Gpu is { } gpu ? PriceList.Current.UsdOf(gpu, totals.GpuSeconds) : 0, limits.Usd),
    ];

    /// <summary>Why the run pauses, for the user; null while it is within its limits. Checked after each step, so a limit is passed by less than one step.</summary>
    public static string? Reached(LimitsSpec limits, RunTotals totals, TimeSpan age) =>
        Uses(limits, totals, age).FirstOrDefault(use => use.Used >= use.Limit) is { } use
            ? FormattableString.Invariant($"limits.{use.Name} of {use.Limit:0.##} is reached with {use.Used:0.##}; the work is kept, and each resume runs one more step")
            : null;
}

/// <param name="Name">Member of <see cref="LimitsSpec"/>.</param>
/// <param name="Limit">Null where there is none.</param>
public sealed record LimitUse(string Name, double Used, double? Limit);
