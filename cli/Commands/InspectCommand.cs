using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Cli.Running;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack runs</c> and <c>knapsack inspect</c>: what happened in a store, and why. They change nothing.</summary>
internal static class InspectCommand
{
    private static readonly Argument<string> Run = new("run") { Description = "A run's id, or latest" };
    private static readonly Option<int?> Step = new("--step") { Description = "Show this step: its tasks, what the plan expected, what came out" };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout" };

    public static Command Create()
    {
        var command = new Command("inspect", "Shows what happened in a run, or in one of its steps, and why.") { Run, Step, StoreOption.Store, StoreOption.Out, Json };
        command.SetAction(InspectAsync);
        return command;
    }

    public static Command CreateList()
    {
        var command = new Command("runs", "Lists the runs of a store, those that changed last first.") { StoreOption.Store, StoreOption.Out, Json };
        command.SetAction(ListAsync);
        return command;
    }

    private static async Task<int> ListAsync(ParseResult parsed, CancellationToken cancellation)
    {
        using var open = await StoreOption.OpenAsync(parsed, cancellation).ConfigureAwait(false);
        var runs = await StoredRuns.ListAsync(open.Store, cancellation).ConfigureAwait(false);
        if (parsed.GetValue(Json)) Console.Out.WriteLine(JsonSerializer.Serialize(new RunList(runs), InspectJson.Default.RunList));
        else TableView.Print(InspectTables.Runs(runs));
        return ExitCodes.Done;
    }

    private static async Task<int> InspectAsync(ParseResult parsed, CancellationToken cancellation)
    {
        using var open = await StoreOption.OpenAsync(parsed, cancellation).ConfigureAwait(false);
        var status = await StoredRuns.FindAsync(open.Store, "run", parsed.GetValue(Run)!, cancellation).ConfigureAwait(false);
        if (parsed.GetValue(Step) is { } step) Show(parsed, await ReadStepAsync(open.Store, status, step, cancellation).ConfigureAwait(false));
        else Show(parsed, await RunHistory.ReadAsync(open.Store, status.Id, [], cancellation).ConfigureAwait(false));
        return ExitCodes.Done;
    }

    private static void Show(ParseResult parsed, RunHistory history)
    {
        if (parsed.GetValue(Json)) Console.Out.WriteLine(JsonSerializer.Serialize(new RunDetails(history.Status, history.Steps, history.Learning), InspectJson.Default.RunDetails));
        else foreach (var table in ReportTables.Build(history)) TableView.Print(table);
    }

    private static void Show(ParseResult parsed, StepDetails step)
    {
        if (parsed.GetValue(Json)) Console.Out.WriteLine(JsonSerializer.Serialize(step, InspectJson.Default.StepDetails));
        else foreach (var table in InspectTables.Step(step.Plan, step.Summary)) TableView.Print(table);
    }

    private static async Task<StepDetails> ReadStepAsync(IRunStore store, RunStatus status, int step, CancellationToken cancellation)
    {
        var blobs = new RunBlobs(store, new ParquetRecordFormat());
        var plan = step < 1 ? null : await blobs.ReadPlanAsync(status.Id, step, cancellation).ConfigureAwait(false);
        if (plan is null) throw new InvalidInputException("--step", $"run {status.Id} has no plan of step {step}: its last finished step is {status.Step} of {status.Steps}");
        return new StepDetails(plan, await blobs.ReadSummaryAsync(status.Id, step, cancellation).ConfigureAwait(false));
    }
}

internal sealed record RunList(IReadOnlyList<RunStatus> Runs);

internal sealed record RunDetails(RunStatus Run, IReadOnlyList<StepSummary> Steps, IReadOnlyList<LearningSummary> Learning);

/// <param name="Summary">Null while the step is not collected.</param>
internal sealed record StepDetails(StepPlan Plan, StepSummary? Summary);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true)]
[JsonSerializable(typeof(RunList))]
[JsonSerializable(typeof(RunDetails))]
[JsonSerializable(typeof(StepDetails))]
internal sealed partial class InspectJson : JsonSerializerContext;
