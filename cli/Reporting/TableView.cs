using Spectre.Console;

namespace KnapsackCloud.Cli.Reporting;

/// <summary>A report table on the terminal.</summary>
internal static class TableView
{
    public static void Print(ReportTable table)
    {
        var view = new Table().Border(TableBorder.Simple).Title(Markup.Escape(table.Title));
        foreach (var (i, column) in table.Columns.Index())
            view.AddColumn(i == 0 ? new TableColumn(Markup.Escape(column)) : new TableColumn(Markup.Escape(column)).RightAligned());
        if (table.Columns.All(column => column.Length == 0)) view.HideHeaders();
        foreach (var row in table.Rows) view.AddRow([.. row.Select(Markup.Escape)]);
        AnsiConsole.Write(view);
    }
}
