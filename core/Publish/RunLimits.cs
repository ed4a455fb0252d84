using KnapsackCloud.Core.Contracts;

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

    /// <summary>Why the run pauses, for the user; null while it is within its limits. Checked after each step, so a limit is passed by less than one step.</summary>
    public static string? Reached(LimitsSpec limits, RunTotals totals)
    {
        if (limits.Rollouts is { } rollouts && totals.Rollouts >= rollouts)
            return FormattableString.Invariant($"limits.rollouts of {rollouts} is reached with {totals.Rollouts}; the work is kept, and each resume runs one more step");
        if (limits.GpuSeconds is { } seconds && totals.GpuSeconds >= seconds)
            return FormattableString.Invariant($"limits.gpuSeconds of {seconds} is reached with {totals.GpuSeconds:F0}; the work is kept, and each resume runs one more step");
        return null;
    }
}
