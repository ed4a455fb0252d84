using System.Globalization;
using System.Text.Json;
using KnapsackCloud.Core.Plan;
using Spectre.Console;

namespace KnapsackCloud.Cli.Allocate;

/// <summary>An allocation for people and for programs.</summary>
internal sealed class AllocationView(string policy, AllocationProblem problem, Allocation allocation, double milliseconds)
{
    private const int Rows = 40;

    public static void PrintNames(IReadOnlyList<string> names, bool json)
    {
        if (json) Console.Out.WriteLine($"[{string.Join(",", names.Select(name => $"\"{name}\""))}]");
        else foreach (var name in names) Console.Out.WriteLine(name);
    }

    public void WriteJson()
    {
        using var output = new BufferedStream(Console.OpenStandardOutput(), 1 << 16);
        using (var writer = new Utf8JsonWriter(output)) AllocationJson.Write(writer, policy, problem, allocation, milliseconds);
        output.WriteByte((byte)'\n');
    }

    public void Print()
    {
        var certificate = allocation.Certificate;
        var table = new Table().Border(TableBorder.Simple).AddColumn("task");
        foreach (var column in (string[])["rollouts", "success rate", "chance of mixed", "value", "cost"]) table.AddColumn(new TableColumn(column).RightAligned());
        for (var i = 0; i < Math.Min(Rows, problem.Tasks.Count); i++) table.AddRow(Row(i));
        AnsiConsole.Write(table);
        if (problem.Tasks.Count > Rows) AnsiConsole.WriteLine($"... and {problem.Tasks.Count - Rows} more tasks; --json has them all");
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{policy}: {problem.Tasks.Count} tasks, spent {certificate.Spent} of {certificate.Budget}, {allocation.Rollouts.Sum(n => (long)n)} rollouts, in {milliseconds:0.0} ms"));
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"value {certificate.Objective:G6}, at most {certificate.UpperBound:G6} is possible, gap {certificate.Gap:0.00e+0}"));
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"expected effective-prompt ratio {Prompts():0.000}, effective-gradient ratio {Gradients():0.000}"));
    }

    private string[] Row(int task)
    {
        var forecast = allocation.Forecasts[task];
        return
        [
            Markup.Escape(problem.Tasks[task].Task.Value), Text(allocation.Rollouts[task], "0"), Text(forecast.SuccessRate, "0.000"),
            Text(forecast.Mixed, "0.000"), Text(forecast.Value, "0.0000"), Text(problem.Tasks[task].Cost, "0.##"),
        ];
    }

    private double Prompts() => Ratio(_ => 1);

    private double Gradients() => Ratio(task => allocation.Rollouts[task]);

    private double Ratio(Func<int, double> weight)
    {
        double all = 0, mixed = 0;
        for (var i = 0; i < problem.Tasks.Count; i++)
        {
            if (allocation.Rollouts[i] == 0) continue;
            all += weight(i);
            mixed += weight(i) * allocation.Forecasts[i].Mixed;
        }

        return all == 0 ? 0 : mixed / all;
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
