using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Cli.Comparing;

/// <summary>Writes a comparison's report: one PNG a plot and one self-contained HTML page.</summary>
internal static class ComparisonReport
{
    /// <summary>Returns the page's path.</summary>
    /// <param name="spec">What all arms have but for what the page says of each.</param>
    public static string Write(Comparison comparison, RunSpec spec, string folder)
    {
        var page = new ReportPage($"Allocation policies on {spec.Name}");
        foreach (var table in comparison.Tables()) page.Table(table);
        foreach (var plot in ComparisonPlots.Draw(comparison)) page.Plot(plot);
        page.Verbatim("Spec", RunReport.Indented(spec));
        return page.Write(folder);
    }
}
