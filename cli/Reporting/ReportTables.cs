using System.Globalization;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Cli.Reporting;

/// <summary>The tables of a run, as text cells: the terminal and the page show the same.</summary>
internal static class ReportTables
{
    public static IEnumerable<ReportTable> Build(RunHistory history)
    {
        yield return Headline(history);
        if (history.Evaluations.Count > 0) yield return Evaluation(history);
        if (history.TrainingSteps.Count > 0) yield return AllocationByFamily(history);
        if (history.Timings.Count > 0) yield return TimeSplit(history);
    }

    private static ReportTable Headline(RunHistory history)
    {
        var totals = history.Status.Totals;
        var rows = new List<string[]>
        {
            new[] { "state", history.Status.State.ToString().ToLowerInvariant() + (history.Status.Reason is { } reason ? $": {reason}" : "") },
            new[] { "steps", $"{history.Status.Step} of {history.Status.Steps}" },
            new[] { "policy of allocation", history.Spec.Allocation.Policy },
            new[] { "seed", history.Spec.Seed.ToString(CultureInfo.InvariantCulture) },
            new[] { "rollouts, tokens", $"{totals.Rollouts:N0}, {totals.Tokens:N0}" },
            new[] { "effective-gradient ratio", Ratio(totals.EffectiveGradientRatio) },
            new[] { "effective-prompt ratio", Ratio(totals.EffectivePromptRatio) },
        };
        if (history.TrainingSteps.Count > 0)
        {
            rows.Add(["training reward, first and last 20 steps", $"{Ratio(history.TrainingSteps.Take(20).Average(s => s.MeanReward))}, {Ratio(history.TrainingSteps.TakeLast(20).Average(s => s.MeanReward))}"]);
            rows.Add(["reward the plans expected", Ratio(history.TrainingSteps.Average(s => s.Predicted.MeanReward))]);
            rows.Add(["effective-gradient ratio the plans expected", Ratio(history.TrainingSteps.Average(s => s.Predicted.EffectiveGradientRatio))]);
        }

        if (history.Evaluations is [var first, .., var last])
            rows.Add(["held-out accuracy, before and after", $"{Ratio(first.Evaluation.MeanReward)}, {Ratio(last.Evaluation.MeanReward)} ({last.Evaluation.MeanReward - first.Evaluation.MeanReward:+0.000;-0.000})"]);
        if (history.Learning.Skip(1).ToList() is { Count: > 0 } learned)
            rows.Add(["largest log-prob difference of sampler and learner", Mismatch(learned, history.Spec.Learning.MismatchLimit)]);
        if (history.Learning.Where(l => l.SkippedUpdates > 0).ToList() is [var earliest, ..] skipped)
            rows.Add(["updates skipped", $"{skipped.Sum(l => l.SkippedUpdates)} in {skipped.Count} steps, first in step {earliest.Step}: {earliest.Skipped[0].Reason} (its learning.json names the rollouts)"]);
        return new ReportTable("The run", ["", ""], rows);
    }

    private static string Mismatch(List<LearningSummary> learned, double limit)
    {
        var largest = learned.Max(l => l.MaxLogProbMismatch).ToString("0.0e0", CultureInfo.InvariantCulture);
        var beyond = learned.Where(l => l.MaxLogProbMismatch > limit).ToList();
        return beyond.Count == 0 ? largest : string.Create(CultureInfo.InvariantCulture, $"{largest}: above {limit} in {beyond.Count} steps, first in step {beyond[0].Step} (is the sampling truncated, or of another precision?)");
    }

    private static ReportTable Evaluation(RunHistory history)
    {
        var families = history.Evaluations[0].Evaluation.Families.Select(family => family.Family).ToList();
        return new ReportTable(
            $"Held-out accuracy ({history.Evaluations[0].Evaluation.Tasks} tasks, {history.Evaluations[0].Evaluation.Samples} rollouts each)",
            ["policy", "mean", .. families],
            [.. history.Evaluations.Select(e => (string[])[e.Version.ToString(CultureInfo.InvariantCulture), Ratio(e.Evaluation.MeanReward), .. e.Evaluation.Families.Select(f => Ratio(f.MeanReward))])]);
    }

    private static ReportTable AllocationByFamily(RunHistory history)
    {
        var early = history.TrainingSteps.Take(40).ToList();
        var late = history.TrainingSteps.TakeLast(40).ToList();
        var families = history.TrainingSteps.SelectMany(step => step.Families).Select(f => f.Family).Distinct().Order(StringComparer.Ordinal);
        return new ReportTable(
            $"Allocation by family, first and last {early.Count} steps",
            ["family", "rollouts per task", "reward", "mixed groups", "rollouts per task, late", "reward, late", "mixed groups, late"],
            [.. families.Select(family => (string[])[family.Length == 0 ? "all" : family, .. Cells(early, family), .. Cells(late, family)])]);

        static IEnumerable<string> Cells(List<Core.Contracts.StepSummary> steps, string family)
        {
            var rows = steps.SelectMany(step => step.Families).Where(f => f.Family == family && f.Groups > 0).ToList();
            double groups = rows.Sum(f => f.Groups);
            if (groups == 0) return ["-", "-", "-"];
            return [(rows.Sum(f => f.Rollouts) / groups).ToString("0.0", CultureInfo.InvariantCulture), Ratio(rows.Sum(f => f.MeanReward * f.Groups) / groups), Ratio(rows.Sum(f => f.MixedGroups) / groups)];
        }
    }

    private static ReportTable TimeSplit(RunHistory history)
    {
        var timings = history.Timings;
        var total = timings.Sum(t => t.Total);
        var rows = new List<string[]>
        {
            Part("generating", timings.Sum(t => t.Generating)),
            Part("learning", timings.Sum(t => t.Learning)),
            Part("other (planning, files, waiting)", timings.Sum(t => t.Other)),
        };
        const int settled = 20;
        if (timings.Count > settled)
            rows.Add(["memory after step 20, at the end", $"{Mebibytes(timings[settled - 1])}, {Mebibytes(timings[^1])} MiB", $"{100.0 * (timings[^1].WorkingSetBytes - timings[settled - 1].WorkingSetBytes) / timings[settled - 1].WorkingSetBytes:+0.0;-0.0}%"]);
        return new ReportTable("Time and memory of this process", ["", "seconds", "share"], rows);

        string[] Part(string name, double seconds) => [name, seconds.ToString("0.0", CultureInfo.InvariantCulture), (total > 0 ? seconds / total : 0).ToString("P0", CultureInfo.InvariantCulture)];
        static string Mebibytes(StepTiming timing) => (timing.WorkingSetBytes >> 20).ToString(CultureInfo.InvariantCulture);
    }

    private static string Ratio(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}

internal sealed record ReportTable(string Title, IReadOnlyList<string> Columns, IReadOnlyList<string[]> Rows);
