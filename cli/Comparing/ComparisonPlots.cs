using KnapsackCloud.Cli.Reporting;
using ScottPlot;

namespace KnapsackCloud.Cli.Comparing;

/// <summary>The pictures of a comparison, as PNG.</summary>
internal static class ComparisonPlots
{
    private const int Width = 1000;
    private const int Height = 480;
    /// <summary>Rollouts, from none to what every run has spent, at which curves are drawn.</summary>
    private const int Points = 41;
    /// <summary>Steps around such a point over which ratios are averaged.</summary>
    private const int Window = 16;
    private const byte BandOpacity = 40;
    private const int BudgetColumns = 3;
    private const int BudgetHeight = 260;

    public static IEnumerable<ReportPlot> Draw(Comparison comparison)
    {
        yield return new("learning.png", "Held-out accuracy against training rollouts; mean over seeds, bands are 95% intervals of the mean", Render(Curves(comparison, "held-out accuracy", (run, rollouts) => run.AccuracyAt(rollouts))));
        yield return new("gradient-ratio.png", "Share of rollouts in mixed groups", Render(Curves(comparison, "effective-gradient ratio", (run, rollouts) => Around(run, rollouts, step => step.EffectiveGradientRatio))));
        yield return new("prompt-ratio.png", "Share of mixed groups", Render(Curves(comparison, "effective-prompt ratio", (run, rollouts) => Around(run, rollouts, step => step.EffectivePromptRatio))));
        yield return new("allocation.png", AllocationPlots.SharesCaption, Render(Allocation(comparison)));
        yield return new("budget.png", AllocationPlots.BudgetCaption, Budgets(comparison));
        yield return new("calibration.png", "Mixed groups as plans expected and as they came out, by windows of steps; on the line expectations hold", Render(Calibration(comparison)));
    }

    private static Plot Curves(Comparison comparison, string name, Func<ArmRun, double, double> value)
    {
        var plot = NewPlot("training rollouts (thousands)", name);
        var at = Enumerable.Range(0, Points).Select(i => comparison.EqualRollouts * i / (Points - 1)).ToArray();
        foreach (var (i, arm) in comparison.Arms.Index())
        {
            var estimates = at.Select(rollouts => arm.Of(run => value(run, rollouts))).ToArray();
            var xs = at.Select(rollouts => rollouts / 1000).ToArray();
            var color = plot.Add.Palette.GetColor(i);
            if (arm.Runs.Count > 1)
            {
                var band = plot.Add.FillY(xs, [.. estimates.Select(estimate => estimate.Ci95![0])], [.. estimates.Select(estimate => estimate.Ci95![1])]);
                (band.FillColor, band.LineWidth) = (color.WithAlpha(BandOpacity), 0);
            }

            var line = plot.Add.ScatterLine(xs, [.. estimates.Select(estimate => estimate.Mean)], color);
            (line.LegendText, line.LineWidth) = (Label(comparison, arm), 2);
        }

        plot.Axes.SetLimitsY(0, 1);
        return plot;
    }

    private static Plot Allocation(Comparison comparison)
    {
        var plot = NewPlot("predicted success rate", "share of the rollouts");
        foreach (var (i, arm) in comparison.Arms.Index())
            AllocationPlots.AddShares(plot, [.. arm.Runs.SelectMany(run => run.Allocations)], Label(comparison, arm), plot.Add.Palette.GetColor(i));
        return plot;
    }

    /// <summary>A small plot for each arm, side by side, and one legend.</summary>
    private static byte[] Budgets(Comparison comparison)
    {
        var cells = comparison.Arms.Count + 1;
        var columns = Math.Min(BudgetColumns, cells);
        var rows = (cells + columns - 1) / columns;
        var grid = new Multiplot { Layout = new ScottPlot.MultiplotLayouts.Grid(rows, columns) };
        grid.AddPlots(cells);
        foreach (var (i, arm) in comparison.Arms.Index())
        {
            var plot = grid.GetPlot(i);
            plot.Title(Label(comparison, arm), size: 14);
            AllocationPlots.AddBudget(plot, [.. arm.Runs.SelectMany(run => run.Allocations)]);
            plot.HideLegend();
        }

        AllocationPlots.AddLegend(grid.GetPlot(comparison.Arms.Count));
        using var image = grid.Render(Width, rows * BudgetHeight);
        return image.GetImageBytes();
    }

    private static Plot Calibration(Comparison comparison)
    {
        var plot = NewPlot("share of mixed groups that plans expected", "came out");
        foreach (var (i, arm) in comparison.Arms.Index())
        {
            var windows = arm.Runs.SelectMany(run => run.Steps.Chunk(Window)).Where(steps => steps.Length == Window).ToList();
            var points = plot.Add.ScatterPoints(
                windows.Select(steps => steps.Average(step => step.PredictedPromptRatio)).ToArray(), windows.Select(steps => steps.Average(step => step.EffectivePromptRatio)).ToArray(), plot.Add.Palette.GetColor(i));
            (points.LegendText, points.MarkerSize) = (Label(comparison, arm), 5);
        }

        var diagonal = plot.Add.Line(0, 0, 1, 1);
        (diagonal.LineColor, diagonal.LineWidth) = (Colors.Gray, 1);
        return plot;
    }

    private static string Label(Comparison comparison, ComparisonArm arm) => Comparison.Name(arm, comparison.Arms.Select(one => one.Loss).Distinct().Count() > 1);

    private static double Around(ArmRun run, double rollouts, Func<ArmStep, double> ratio)
    {
        var first = run.Steps.Index().MinBy(pair => Math.Abs(pair.Item.Rollouts - rollouts)).Index;
        return run.Steps.Skip(Math.Max(0, first - (Window / 2))).Take(Window).Average(ratio);
    }

    private static Plot NewPlot(string x, string y)
    {
        var plot = new Plot { ScaleFactor = 1.2 };
        plot.XLabel(x);
        plot.YLabel(y);
        plot.ShowLegend(Edge.Right);
        return plot;
    }

    private static byte[] Render(Plot plot)
    {
        using (plot) return plot.GetImageBytes(Width, Height, ImageFormat.Png);
    }
}
