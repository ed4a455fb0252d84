using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Cli.Reporting;

/// <summary>Writes a run's report: one PNG a plot and one self-contained HTML page.</summary>
internal static class RunReport
{
    private const string Style = """
        :root { color-scheme: light dark; --line: #8884; }
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; display: block; overflow-x: auto; }
        td, th { padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); text-align: right; }
        td:first-child, th:first-child { text-align: left; }
        figure { margin: 2rem 0; } img { max-width: 100%; background: #fff; border-radius: .3rem; } figcaption { opacity: .75; }
        pre { overflow-x: auto; padding: 1rem; background: #8881; border-radius: .3rem; }
        """;

    /// <summary>Returns the page's path.</summary>
    public static string Write(RunHistory history, string folder)
    {
        Directory.CreateDirectory(folder);
        var plots = ReportPlots.Draw(history).ToList();
        foreach (var plot in plots) File.WriteAllBytes(Path.Combine(folder, plot.File), plot.Png);
        var page = Path.Combine(folder, "report.html");
        File.WriteAllText(page, Page(history, plots));
        return page;
    }

    private static string Page(RunHistory history, IReadOnlyList<ReportPlot> plots)
    {
        var html = new StringBuilder();
        var title = $"Run {history.Status.Id}";
        html.Append(CultureInfo.InvariantCulture, $"<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>{Text(title)}</title>\n<style>{Style}</style>\n<h1>{Text(title)}</h1>\n");
        html.Append(CultureInfo.InvariantCulture, $"<p>started {history.Status.CreatedAt:yyyy-MM-dd HH:mm} UTC, written {history.Status.UpdatedAt:yyyy-MM-dd HH:mm} UTC</p>\n");
        foreach (var table in ReportTables.Build(history)) Append(html, table);
        foreach (var plot in plots)
            html.Append(CultureInfo.InvariantCulture, $"<figure><img alt=\"{Text(plot.Caption)}\" src=\"data:image/png;base64,{Convert.ToBase64String(plot.Png)}\"><figcaption>{Text(plot.Caption)}</figcaption></figure>\n");
        html.Append(CultureInfo.InvariantCulture, $"<h2>Spec</h2>\n<pre>{Text(Indented(history.Spec))}</pre>\n</html>\n");
        return html.ToString();
    }

    private static void Append(StringBuilder html, ReportTable table)
    {
        html.Append(CultureInfo.InvariantCulture, $"<h2>{Text(table.Title)}</h2>\n<table>\n");
        if (table.Columns.Any(column => column.Length > 0)) Row(html, "th", table.Columns);
        foreach (var row in table.Rows) Row(html, "td", row);
        html.Append("</table>\n");
    }

    private static void Row(StringBuilder html, string tag, IEnumerable<string> cells)
    {
        html.Append("<tr>");
        foreach (var cell in cells) html.Append(CultureInfo.InvariantCulture, $"<{tag}>{Text(cell)}</{tag}>");
        html.Append("</tr>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Indented(RunSpec spec) =>
        JsonSerializer.Serialize(spec, new ContractsJson(new JsonSerializerOptions(ContractsJson.Default.Options) { WriteIndented = true }).RunSpec);
}
