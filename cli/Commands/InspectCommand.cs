using System.CommandLine;
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
    private static readonly Option<string> Out = new("--out") { Description = "The store's folder", DefaultValueFactory = _ => ".knapsack" };

    public static Command Create()
    {
        var command = new Command("inspect", "Shows what happened in a run, or in one of its steps, and why.") { Run, Step, Out };
        command.SetAction(InspectAsync);
        return command;
    }

    public static Command CreateList()
    {
        var command = new Command("runs", "Lists the runs of a store, those that changed last first.") { Out };
        command.SetAction(ListAsync);
        return command;
    }

    private static async Task<int> ListAsync(ParseResult parsed, CancellationToken cancellation)
    {
        using var store = StoredRuns.Open(parsed.GetValue(Out)!);
        TableView.Print(InspectTables.Runs(await StoredRuns.ListAsync(store, cancellation).ConfigureAwait(false)));
        return ExitCodes.Done;
    }

    private static async Task<int> InspectAsync(ParseResult parsed, CancellationToken cancellation)
    {
        using var store = StoredRuns.Open(parsed.GetValue(Out)!);
        var status = await StoredRuns.FindAsync(store, "run", parsed.GetValue(Run)!, cancellation).ConfigureAwait(false);
        var tables = parsed.GetValue(Step) is { } step
            ? await StepTablesAsync(store, status, step, cancellation).ConfigureAwait(false)
            : ReportTables.Build(await RunHistory.ReadAsync(store, status.Id, [], cancellation).ConfigureAwait(false));
        foreach (var table in tables) TableView.Print(table);
        return ExitCodes.Done;
    }

    private static async Task<IEnumerable<ReportTable>> StepTablesAsync(IRunStore store, RunStatus status, int step, CancellationToken cancellation)
    {
        var blobs = new RunBlobs(store, new ParquetRecordFormat());
        var plan = step < 1 ? null : await blobs.ReadPlanAsync(status.Id, step, cancellation).ConfigureAwait(false);
        if (plan is null) throw new InvalidInputException("--step", $"run {status.Id} has no plan of step {step}: its last finished step is {status.Step} of {status.Steps}");
        return InspectTables.Step(plan, await blobs.ReadSummaryAsync(status.Id, step, cancellation).ConfigureAwait(false));
    }
}
