using System.CommandLine;
using System.Globalization;
using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Cli.Running;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan.Rounds;
using Spectre.Console;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack run</c>: trains in this process, from a spec or where a run stopped.</summary>
internal static class RunCommand
{
    private static readonly Argument<string?> Spec = new("spec") { Description = "Run spec, a JSON file [default: examples/arithmetic.json]", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string> Store = new("--store") { Description = "Where the run is kept: embedded is a folder", DefaultValueFactory = _ => "embedded" };
    private static readonly Option<string> Out = new("--out") { Description = "The store's folder", DefaultValueFactory = _ => ".knapsack" };
    private static readonly Option<int?> Steps = new("--steps") { Description = "Instead of the spec's steps" };
    private static readonly Option<ulong?> Seed = new("--seed") { Description = "Instead of the spec's seed" };
    private static readonly Option<string?> Policy = new("--policy") { Description = $"Instead of the spec's allocation policy: {string.Join(", ", RoundPolicies.Names)}" };
    private static readonly Option<string[]> Set = SpecSetting.NewOption("Instead of a member of the spec, such as allocation.scope=pool; may be given several times");
    private static readonly Option<string?> Resume = new("--resume") { Description = "Go on with a run: its id, or latest" };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout; progress goes to stderr" };

    public static Command Create()
    {
        var command = new Command("run", "Trains a model in this process, with a live view and a report at the end.") { Spec, Store, Out, Steps, Seed, Policy, Set, Resume, DeviceOption.Device, DeviceOption.Precision, VerifierOption.Folder, Json };
        // An option that is not known would be taken for the spec's name.
        Spec.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => token.Value.StartsWith('-'))) result.AddError($"unknown option '{token.Value}'");
        });
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Check(parsed);
        var precision = DeviceOption.PrecisionOf(parsed);
        var json = parsed.GetValue(Json);
        var inputs = parsed.GetValue(Resume) is null ? RunInputs.Read(parsed.GetValue(Spec), Settings(parsed)) : null;
        foreach (var note in inputs?.Tasks.Notes ?? []) await Console.Error.WriteLineAsync(note).ConfigureAwait(false);
        var scorers = VerifierOption.ScorersOf(parsed);
        // A program that is not there is told before any work.
        if (inputs is not null) scorers.Create(inputs.Spec.Tasks.Verifier);
        DeviceOption.Use(parsed);
        using var session = new RunSession(parsed.GetValue(Out)!, TimeProvider.System, precision, scorers);
        var run = inputs is null
            ? await session.ResumeAsync(parsed.GetValue(Resume)!, cancellation).ConfigureAwait(false)
            : await session.StartAsync(inputs, cancellation).ConfigureAwait(false);
        try
        {
            var status = await WatchAsync(session, run, json, cancellation).ConfigureAwait(false);
            return await FinishAsync(session, status, json).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"Stopped; nothing is lost. Go on with: ./knapsack run --resume {run} --out {parsed.GetValue(Out)}").ConfigureAwait(false);
            return ExitCodes.Interrupted;
        }
    }

    private static async Task<RunStatus> WatchAsync(RunSession session, RunId run, bool json, CancellationToken cancellation)
    {
        if (!json && AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected)
        {
            var live = session.RunAsync(run, cancellation);
            await LiveView.ShowAsync(session.Monitor, live, TimeProvider.System).ConfigureAwait(false);
            return await live.ConfigureAwait(false);
        }

        var output = json ? Console.Error : Console.Out;
        await output.WriteLineAsync($"run {run} in {session.FolderOf(run)}").ConfigureAwait(false);
        new PlainView(output).Attach(session.Monitor);
        return await session.RunAsync(run, cancellation).ConfigureAwait(false);
    }

    private static async Task<int> FinishAsync(RunSession session, RunStatus status, bool json)
    {
        var history = await session.ReadHistoryAsync(status.Id, CancellationToken.None).ConfigureAwait(false);
        var page = RunReport.Write(history, session.ReportFolderOf(status.Id));
        if (json)
        {
            await Console.Out.WriteLineAsync(RunOutcome.Of(history, session.FolderOf(status.Id)).ToJson()).ConfigureAwait(false);
        }
        else
        {
            foreach (var table in ReportTables.Build(history)) TableView.Print(table);
            AnsiConsole.WriteLine($"report: {page}");
        }

        if (status.State == RunState.Completed) return ExitCodes.Done;
        await Console.Error.WriteLineAsync($"error: the run is {status.State.ToString().ToLowerInvariant()}: {status.Reason}").ConfigureAwait(false);
        return ExitCodes.Failed;
    }

    private static void Check(ParseResult parsed)
    {
        var errors = new List<InputError>();
        if (parsed.GetValue(Store) != "embedded") errors.Add(new InputError("--store", $"'{parsed.GetValue(Store)}' is unknown; use embedded"));
        if (parsed.GetValue(Steps) is < 1 or > RunSpecReader.MaxSteps) errors.Add(new InputError("--steps", $"is {parsed.GetValue(Steps)}; it must be from 1 to {RunSpecReader.MaxSteps}"));
        if (parsed.GetValue(Policy) is { } policy && !RoundPolicies.Names.Contains(policy)) errors.Add(new InputError("--policy", $"'{policy}' is unknown; choose one of {string.Join(", ", RoundPolicies.Names)}"));
        if (parsed.GetValue(Resume) is not null && (parsed.GetValue(Spec) is not null || parsed.GetValue(Steps) is not null || parsed.GetValue(Seed) is not null || parsed.GetValue(Policy) is not null || parsed.GetValue(Set) is not []))
            errors.Add(new InputError("--resume", "goes on with the run's own spec; leave out the spec file, --steps, --seed, --policy and --set"));
        if (errors.Count > 0) throw new InvalidInputException(errors);
    }

    private static List<SpecSetting> Settings(ParseResult parsed)
    {
        var settings = SpecSetting.Read(parsed, Set);
        if (parsed.GetValue(Policy) is { } policy) settings.Add(new SpecSetting("allocation.policy", policy));
        if (parsed.GetValue(Steps) is { } steps) settings.Add(new SpecSetting("steps", steps.ToString(CultureInfo.InvariantCulture)));
        if (parsed.GetValue(Seed) is { } seed) settings.Add(new SpecSetting("seed", seed.ToString(CultureInfo.InvariantCulture)));
        return settings;
    }
}
