using KnapsackCloud.Core.Plan;
using ScottPlot;

namespace KnapsackCloud.Cli.Reporting;

/// <summary>Where rollouts went, by the success rate that plans predicted. Each plot is of one run, or of several with the same settings.</summary>
internal static class AllocationPlots
{
    public const string BudgetCaption = "Budget by difficulty: share of each step's rollouts by predicted success rate";
    public const string SharesCaption = "Allocation against success rate: share of all rollouts by the success rate that plans predicted";
    private const int Bands = 5;
    private const int PerBand = AllocationBuckets.Count / Bands;
    /// <summary>Steps around a step over which shares are averaged.</summary>
    private const int Window = 8;

    /// <summary>Stacked shares of the rollouts of each step, hardest tasks at the bottom.</summary>
    public static void AddBudget(Plot plot, IReadOnlyList<AllocationBuckets> allocations)
    {
        var steps = allocations.GroupBy(one => one.Step).OrderBy(step => step.Key).Select(step => (step.Key, Shares: Shares([.. step]))).ToList();
        var xs = steps.Select(step => (double)step.Key).ToArray();
        var lower = new double[xs.Length];
        for (var band = 0; band < Bands; band++)
        {
            var upper = lower.Select((below, i) => below + Around(steps.Select(step => step.Shares).ToList(), i, band)).ToArray();
            var area = plot.Add.FillY(xs, lower, upper);
            (area.FillColor, area.LineWidth, area.LegendText) = (ColorOf(band), 0, NameOf(band));
            lower = upper;
        }

        plot.Axes.SetLimitsY(0, 1);
    }

    /// <summary>Share of all rollouts that went to tasks of each predicted success rate.</summary>
    public static void AddShares(Plot plot, IReadOnlyList<AllocationBuckets> allocations, string name, Color color)
    {
        var rollouts = Rollouts(allocations);
        var rates = Enumerable.Range(0, AllocationBuckets.Count).Select(i => (i + 0.5) / AllocationBuckets.Count).ToArray();
        var line = plot.Add.Scatter(rates, rollouts.Select(count => count / Math.Max(1, rollouts.Sum())).ToArray(), color);
        (line.LegendText, line.LineWidth, line.MarkerSize) = (name, 2, 5);
        plot.Axes.SetLimits(0, 1, 0, null);
    }

    /// <summary>What the colours of a budget mean, where many share one legend.</summary>
    public static void AddLegend(Plot plot)
    {
        plot.HideAxesAndGrid();
        for (var band = Bands - 1; band >= 0; band--) plot.Legend.ManualItems.Add(new LegendItem { LabelText = NameOf(band), FillColor = ColorOf(band) });
        plot.Legend.ManualItems.Add(new LegendItem { LabelText = "predicted success rate" });
        plot.ShowLegend(Alignment.MiddleCenter);
    }

    /// <summary>Of the rollouts of one step in all runs; nothing where none was planned.</summary>
    private static double[] Shares(IReadOnlyList<AllocationBuckets> runs)
    {
        var rollouts = Rollouts(runs);
        var sum = rollouts.Sum();
        return [.. Enumerable.Range(0, Bands).Select(band => sum == 0 ? 0 : rollouts[(band * PerBand)..((band + 1) * PerBand)].Sum() / sum)];
    }

    private static double Around(List<double[]> shares, int at, int band)
    {
        var (first, last) = (Math.Max(0, at - (Window / 2)), Math.Min(shares.Count, at + (Window / 2) + 1));
        return shares[first..last].Average(share => share[band]);
    }

    private static double[] Rollouts(IReadOnlyList<AllocationBuckets> allocations) =>
        [.. Enumerable.Range(0, AllocationBuckets.Count).Select(bucket => allocations.Sum(one => (double)one.Rollouts[bucket]))];

    private static Color ColorOf(int band) => new ScottPlot.Colormaps.Viridis().GetColor((band + 0.5) / Bands);

    private static string NameOf(int band) => FormattableString.Invariant($"{(double)band / Bands:0.0} to {(band + 1.0) / Bands:0.0}");
}
