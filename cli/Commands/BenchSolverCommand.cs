using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using KnapsackCloud.Cli.Allocate;
using KnapsackCloud.Core.Contracts;
using Spectre.Console;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack bench solver</c>: the allocation solver beside a textbook dynamic program and Google OR-Tools.</summary>
internal static class BenchSolverCommand
{
    private static readonly Option<int> Largest = new("--largest") { Description = "Leave out sizes with more tasks", DefaultValueFactory = _ => 1_000_000 };
    private static readonly Option<double> PeerSeconds = new("--peer-seconds") { Description = "Longest that OR-Tools may take on one size", DefaultValueFactory = _ => 60 };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout" };

    public static Command Create()
    {
        var command = new Command("solver", "Times the allocation solver beside a textbook dynamic program and Google OR-Tools.") { Largest, PeerSeconds, Json };
        command.SetAction((parsed, cancellation) => Task.Run(() => Run(parsed, cancellation), cancellation));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        var seconds = parsed.GetValue(PeerSeconds);
        if (!(seconds is > 0 and <= 3_600)) throw new InvalidInputException("--peer-seconds", "must be above 0 and at most 3600");
        var benchmark = new SolverBenchmark(TimeProvider.System, TimeSpan.FromSeconds(seconds));
        var cases = new List<SolverCase>();
        foreach (var unit in (string[])["rollouts", "tokens"])
            foreach (var size in SolverBenchmark.Sizes.Where(size => size <= parsed.GetValue(Largest)))
                cases.Add(benchmark.Run(size, unit, cancellation));
        if (parsed.GetValue(Json)) Console.Out.WriteLine(JsonSerializer.Serialize(new SolverCases(cases), BenchSolverJson.Default.SolverCases));
        else Print(cases);
        return ExitCodes.Done;
    }

    private static void Print(List<SolverCase> cases)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in (string[])["tasks", "budget", "unit", "ours ms", "dynamic program ms", "OR-Tools ms", "difference", "gap"]) table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var one in cases)
            table.AddRow(Text(one.Tasks, "0"), Text(one.Budget, "0"), one.Unit, Text(one.OursMs, "0.00"), Text(one.DpMs, "0"), one.OrToolsProven is false ? $"no optimum in {Text(one.OrToolsMs, "0")}" : Text(one.OrToolsMs, "0"), Text(one.ObjectiveRelativeDifference, "0.0e+0"), Text(one.Gap, "0.0e+0"));
        AnsiConsole.Write(table);
    }

    private static string Text(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}

internal sealed record SolverCases(IReadOnlyList<SolverCase> Cases);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(SolverCases))]
internal sealed partial class BenchSolverJson : JsonSerializerContext;
