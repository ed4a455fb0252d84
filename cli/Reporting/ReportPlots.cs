using ScottPlot;

namespace KnapsackCloud.Cli.Reporting;

/// <summary>The pictures of a run, as PNG.</summary>
internal static class ReportPlots
{
    private const int Width = 900;
    private const int Height = 420;
    /// <summary>Steps over which noisy per-step figures are averaged.</summary>
    private const int Window = 16;

    /// <summary>File name, caption and image of every plot that the history has data for.</summary>
    public static IEnumerable<ReportPlot> Draw(RunHistory history)
    {
        if (history.TrainingSteps.Count == 0) yield break;
        yield return new("reward.png", "Mean reward of the training tasks and held-out accuracy", Render(Reward(history)));
        yield return new("ratios.png", "Share of rollouts and of groups that carry a gradient", Render(Ratios(history)));
        yield return new("allocation.png", "Rollouts per task, by family", Render(Allocation(history)));
        if (history.Allocations.Count > 0)
        {
            yield return new("budget.png", AllocationPlots.BudgetCaption, Render(Budget(history)));
            yield return new("success-rate.png", AllocationPlots.SharesCaption, Render(Shares(history)));
        }

        if (history.Timings.Count == 0) yield break;
        yield return new("time.png", "Where the time of a step goes", Render(Time(history)));
        yield return new("memory.png", "Memory of the process after each step", Render(Memory(history)));
    }

    private static Plot Reward(RunHistory history)
    {
        var plot = NewPlot("reward");
        Line(plot, "training reward", history.TrainingSteps.Select(step => (step.Step, step.MeanReward)), smooth: true);
        if (history.Evaluations.Count > 0)
        {
            var points = plot.Add.Scatter(history.Evaluations.Select(e => (double)e.Version).ToArray(), history.Evaluations.Select(e => e.Evaluation.MeanReward).ToArray());
            (points.LegendText, points.LineWidth, points.MarkerSize) = ("held-out accuracy", 2, 8);
        }

        plot.Axes.SetLimitsY(0, 1);
        return plot;
    }

    private static Plot Ratios(RunHistory history)
    {
        var plot = NewPlot("share");
        Line(plot, "effective-gradient ratio (rollouts)", history.TrainingSteps.Select(step => (step.Step, step.EffectiveGradientRatio)), smooth: true);
        Line(plot, "effective-prompt ratio (groups)", history.TrainingSteps.Select(step => (step.Step, step.EffectivePromptRatio)), smooth: true);
        plot.Axes.SetLimitsY(0, 1);
        return plot;
    }

    private static Plot Allocation(RunHistory history)
    {
        var plot = NewPlot("rollouts per task");
        foreach (var family in history.TrainingSteps.SelectMany(step => step.Families).Select(family => family.Family).Distinct().Order(StringComparer.Ordinal))
        {
            var points = history.TrainingSteps
                .SelectMany(step => step.Families.Where(f => f.Family == family && f.Groups > 0).Select(f => (step.Step, (double)f.Rollouts / f.Groups)));
            Line(plot, family.Length == 0 ? "all tasks" : family, points, smooth: true);
        }

        return plot;
    }

    private static Plot Budget(RunHistory history)
    {
        var plot = NewPlot("share of the rollouts");
        AllocationPlots.AddBudget(plot, history.Allocations);
        return plot;
    }

    private static Plot Shares(RunHistory history)
    {
        var plot = NewPlot("share of the rollouts");
        plot.XLabel("predicted success rate");
        AllocationPlots.AddShares(plot, history.Allocations, history.Spec.Allocation.Policy, plot.Add.Palette.GetColor(0));
        return plot;
    }

    private static Plot Time(RunHistory history)
    {
        var plot = NewPlot("seconds a step");
        Line(plot, "generating", history.Timings.Select(timing => (timing.Step, timing.Generating)), smooth: true);
        Line(plot, "learning", history.Timings.Select(timing => (timing.Step, timing.Learning)), smooth: true);
        Line(plot, "other", history.Timings.Select(timing => (timing.Step, timing.Other)), smooth: true);
        plot.Axes.SetLimitsY(0, Math.Max(1e-3, history.Timings.Skip(1).Select(timing => timing.Total).DefaultIfEmpty(1).Max()));
        return plot;
    }

    private static Plot Memory(RunHistory history)
    {
        var plot = NewPlot("MiB");
        Line(plot, "working set", history.Timings.Select(timing => (timing.Step, timing.WorkingSetBytes / (1024.0 * 1024))), smooth: false);
        plot.Axes.SetLimitsY(0, 1.2 * history.Timings.Max(timing => timing.WorkingSetBytes) / (1024.0 * 1024));
        return plot;
    }

    private static Plot NewPlot(string y)
    {
        var plot = new Plot { ScaleFactor = 1.2 };
        plot.XLabel("step");
        plot.YLabel(y);
        plot.ShowLegend(Edge.Right);
        return plot;
    }

    private static void Line(Plot plot, string name, IEnumerable<(int Step, double Value)> points, bool smooth)
    {
        var all = points.ToArray();
        if (all.Length == 0) return;
        var values = all.Select((_, i) => smooth ? all[Math.Max(0, i - Window + 1)..(i + 1)].Average(p => p.Value) : all[i].Value).ToArray();
        var line = plot.Add.ScatterLine(all.Select(p => (double)p.Step).ToArray(), values);
        (line.LegendText, line.LineWidth) = (name, 2);
    }

    private static byte[] Render(Plot plot)
    {
        using (plot) return plot.GetImageBytes(Width, Height, ImageFormat.Png);
    }
}

internal sealed record ReportPlot(string File, string Caption, byte[] Png);
