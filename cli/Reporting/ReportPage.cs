using System.Globalization;
using System.Net;
using System.Text;

namespace KnapsackCloud.Cli.Reporting;

/// <summary>A self-contained HTML page of tables and plots, each plot also a file beside it.</summary>
internal sealed class ReportPage
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

    private readonly StringBuilder _html = new();
    private readonly List<ReportPlot> _plots = [];

    public ReportPage(string title) =>
        _html.Append(CultureInfo.InvariantCulture, $"<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>{Text(title)}</title>\n<style>{Style}</style>\n<h1>{Text(title)}</h1>\n");

    public void Paragraph(string text) => _html.Append(CultureInfo.InvariantCulture, $"<p>{Text(text)}</p>\n");

    public void Verbatim(string title, string text) => _html.Append(CultureInfo.InvariantCulture, $"<h2>{Text(title)}</h2>\n<pre>{Text(text)}</pre>\n");

    public void Table(ReportTable table)
    {
        _html.Append(CultureInfo.InvariantCulture, $"<h2>{Text(table.Title)}</h2>\n<table>\n");
        if (table.Columns.Any(column => column.Length > 0)) Row("th", table.Columns);
        foreach (var row in table.Rows) Row("td", row);
        _html.Append("</table>\n");
    }

    public void Plot(ReportPlot plot)
    {
        _plots.Add(plot);
        _html.Append(CultureInfo.InvariantCulture, $"<figure><img alt=\"{Text(plot.Caption)}\" src=\"data:image/png;base64,{Convert.ToBase64String(plot.Png)}\"><figcaption>{Text(plot.Caption)}</figcaption></figure>\n");
    }

    /// <summary>Returns the page's path, <c>report.html</c> in the folder.</summary>
    public string Write(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var plot in _plots) File.WriteAllBytes(Path.Combine(folder, plot.File), plot.Png);
        var page = Path.Combine(folder, "report.html");
        File.WriteAllText(page, _html + "</html>\n");
        return page;
    }

    private void Row(string tag, IEnumerable<string> cells)
    {
        _html.Append("<tr>");
        foreach (var cell in cells) _html.Append(CultureInfo.InvariantCulture, $"<{tag}>{Text(cell)}</{tag}>");
        _html.Append("</tr>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
