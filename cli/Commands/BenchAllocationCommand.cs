using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using KnapsackCloud.Cli.Allocate.Simulation;
using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Core.Contracts;
using Spectre.Console;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack bench allocation</c>: every allocation policy in a simulation whose success rates are known.</summary>
internal static class BenchAllocationCommand
{
    private static readonly Option<int> Seeds = new("--seeds") { Description = "Seeds, the same for every policy", DefaultValueFactory = _ => 20 };
    private static readonly Option<int> FirstSeed = new("--first-seed") { Description = "The first of them; fresh ones confirm what others were chosen by", DefaultValueFactory = _ => 1 };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout" };

    public static Command Create()
    {
        var command = new Command("allocation", "Compares the allocation policies on simulated tasks: effective ratios and rollouts to a target, no model.") { Seeds, FirstSeed, Json };
        command.SetAction((parsed, cancellation) => Task.Run(() => Run(parsed, cancellation), cancellation));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        if (parsed.GetValue(Seeds) is < 2 or > 10_000) throw new InvalidInputException("--seeds", "must be from 2 to 10000");
        if (parsed.GetValue(FirstSeed) is < 1 or > 1_000_000) throw new InvalidInputException("--first-seed", "must be from 1 to 1000000");
        var results = new PolicyExperiment((ulong)parsed.GetValue(FirstSeed), parsed.GetValue(Seeds), line => Console.Error.WriteLine(line)).Run(cancellation);
        if (parsed.GetValue(Json)) Console.Out.WriteLine(JsonSerializer.Serialize(new ArmResults(results), BenchAllocationJson.Default.ArmResults));
        else Print(results);
        return ExitCodes.Done;
    }

    private static void Print(IReadOnlyList<ArmResult> results)
    {
        foreach (var weighting in results.GroupBy(result => result.Weighting))
        {
            var table = new Table().Border(TableBorder.Markdown).Title($"Loss weighted by {weighting.Key}; in brackets the paired 95% interval of the difference to the posterior").AddColumn("policy");
            foreach (var column in (string[])["rate", "gradient ratio", "prompt ratio", "rollouts to target", "final"]) table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
            foreach (var arm in weighting)
                table.AddRow(
                    Markup.Escape(arm.Policy), arm.LearningRate.ToString(CultureInfo.InvariantCulture),
                    Cell(arm.EffectiveGradientRatio, arm.GradientRatioDifference, "0.000"), Cell(arm.EffectivePromptRatio, arm.PromptRatioDifference, "0.000"),
                    Cell(arm.RolloutsToTarget, arm.RolloutsToTargetDifference, "0"), Cell(arm.Final, arm.FinalDifference, "0.000"));
            AnsiConsole.Write(table);
        }
    }

    private static string Cell(Estimate value, Estimate? difference, string format)
    {
        var mean = value.Mean.ToString(format, CultureInfo.InvariantCulture);
        return difference?.Ci95 is not [var low, var high] ? mean
            : Markup.Escape($"{mean} [{low.ToString(format, CultureInfo.InvariantCulture)}, {high.ToString(format, CultureInfo.InvariantCulture)}]");
    }
}

internal sealed record ArmResults(IReadOnlyList<ArmResult> Arms);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ArmResults))]
internal sealed partial class BenchAllocationJson : JsonSerializerContext;
