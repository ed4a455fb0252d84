using System.Globalization;
using System.Text.Json;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Cli.Reporting;

/// <summary>Writes a run's report: one PNG a plot and one self-contained HTML page.</summary>
internal static class RunReport
{
    /// <summary>Returns the page's path.</summary>
    public static string Write(RunHistory history, string folder)
    {
        var page = new ReportPage($"Run {history.Status.Id}");
        page.Paragraph(string.Create(CultureInfo.InvariantCulture, $"started {history.Status.CreatedAt:yyyy-MM-dd HH:mm} UTC, written {history.Status.UpdatedAt:yyyy-MM-dd HH:mm} UTC"));
        foreach (var table in ReportTables.Build(history)) page.Table(table);
        foreach (var plot in ReportPlots.Draw(history)) page.Plot(plot);
        page.Verbatim("Spec", Indented(history.Spec));
        return page.Write(folder);
    }

    public static string Indented(RunSpec spec) =>
        JsonSerializer.Serialize(spec, new ContractsJson(new JsonSerializerOptions(ContractsJson.Default.Options) { WriteIndented = true }).RunSpec);
}
