using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using KnapsackCloud.Cli.Piping;
using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Estimate;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack bench pipeline</c>: what queues, blobs and the control plane cost a step; on real processes, or of a large cluster in virtual time.</summary>
internal static class BenchPipelineCommand
{
    private static readonly Option<string> Workers = new("--workers") { Description = "Worker processes of each deployment; several with commas", DefaultValueFactory = _ => "1,2" };
    private static readonly Option<int> Steps = new("--steps") { Description = "Steps of each run; the first is not counted", DefaultValueFactory = _ => 6 };
    private static readonly Option<int> Rollouts = new("--rollouts") { Description = "Rollouts of each of 64 tasks: how long a step is", DefaultValueFactory = _ => 512 };
    private static readonly Option<int> Shortest = new("--min-tokens") { Description = $"Tokens of the shortest completion, up to {DeploymentBenchmark.LongestCompletion}; left alone they have 15 on average", DefaultValueFactory = _ => 0 };
    private static readonly Option<int?> Simulate = new("--simulate") { Description = "Instead: a step of so many workers in virtual time" };
    private static readonly Option<int> Tasks = new("--tasks") { Description = "Tasks of the simulated step", DefaultValueFactory = _ => 100_000 };
    private static readonly Option<int> Tokens = new("--tokens") { Description = "Mean tokens of a simulated completion", DefaultValueFactory = _ => 512 };
    private static readonly Option<int> ItemTokens = new("--item-tokens") { Description = "Tokens of a simulated work item", DefaultValueFactory = _ => 16_384 };
    private static readonly Option<int> InHand = new("--in-hand") { Description = "Work items that a simulated worker holds at once", DefaultValueFactory = _ => 2 };
    private static readonly Option<double> Speed = new("--tokens-per-second") { Description = "Of a simulated worker", DefaultValueFactory = _ => 2_000 };
    private static readonly Option<string> Gpu = new("--gpu") { Description = $"Of a simulated worker: {string.Join(", ", PriceList.Current.Names)}", DefaultValueFactory = _ => "t4" };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout" };

    public static Command Create()
    {
        var command = new Command("pipeline", "Times a step through queues and blobs beside the generation and learning in it.") { Workers, Steps, Rollouts, Shortest, Simulate, Tasks, Tokens, ItemTokens, InHand, Speed, Gpu, Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var workers = Check(parsed);
        return parsed.GetValue(Simulate) is { } simulated
            ? Task.Run(() => Imagine(parsed, simulated, cancellation), cancellation)
            : MeasureAsync(parsed, workers, cancellation);
    }

    private static async Task<int> MeasureAsync(ParseResult parsed, IReadOnlyList<int> workers, CancellationToken cancellation)
    {
        var benchmark = new DeploymentBenchmark(parsed.GetValue(Steps), parsed.GetValue(Rollouts), parsed.GetValue(Shortest), TimeProvider.System, Console.Error.WriteLine);
        var cases = new List<PipelineCase>();
        foreach (var count in workers) cases.Add(await benchmark.RunAsync(count, cancellation).ConfigureAwait(false));
        if (parsed.GetValue(Json)) Console.Out.WriteLine(JsonSerializer.Serialize(new PipelineCases(cases), BenchPipelineJson.Default.PipelineCases));
        else TableView.Print(Table(cases));
        return ExitCodes.Done;
    }

    private static int Imagine(ParseResult parsed, int workers, CancellationToken cancellation)
    {
        var cluster = new ClusterOutline(workers, parsed.GetValue(Tasks), RolloutsPerTask: 8, parsed.GetValue(Tokens), parsed.GetValue(ItemTokens), parsed.GetValue(InHand), parsed.GetValue(Speed), parsed.GetValue(Gpu)!);
        var step = new WorkerSimulation(cluster, TimeProvider.System).Run(cancellation);
        if (parsed.GetValue(Json)) Console.Out.WriteLine(JsonSerializer.Serialize(step, BenchPipelineJson.Default.SimulatedStep));
        else TableView.Print(Table(step));
        return ExitCodes.Done;
    }

    /// <returns>The numbers of workers.</returns>
    private static List<int> Check(ParseResult parsed)
    {
        var errors = new List<InputError>();
        var workers = parsed.GetValue(Workers)!.Split(',').Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0).ToList();
        if (workers.Any(count => count is < 1 or > 64)) errors.Add(new InputError("--workers", $"'{parsed.GetValue(Workers)}' is not whole numbers from 1 to 64 with commas"));
        Range("--steps", parsed.GetValue(Steps), 2, 1_000);
        Range("--rollouts", parsed.GetValue(Rollouts), 2, 10_000);
        Range("--min-tokens", parsed.GetValue(Shortest), 0, DeploymentBenchmark.LongestCompletion);
        Range("--simulate", parsed.GetValue(Simulate) ?? 1, 1, 100_000);
        Range("--tasks", parsed.GetValue(Tasks), 1, 1_000_000);
        Range("--tokens", parsed.GetValue(Tokens), 1, 100_000);
        Range("--in-hand", parsed.GetValue(InHand), 1, 100);
        Range("--item-tokens", parsed.GetValue(ItemTokens), 1, int.MaxValue);
        if (!(parsed.GetValue(Speed) is > 0 and < 1e9)) errors.Add(new InputError("--tokens-per-second", "must be above 0"));
        if (!PriceList.Current.Names.Contains(parsed.GetValue(Gpu))) errors.Add(new InputError("--gpu", $"'{parsed.GetValue(Gpu)}' is not one of {string.Join(", ", PriceList.Current.Names)}"));
        return errors.Count == 0 ? workers : throw new InvalidInputException(errors);

        void Range(string option, int value, int least, int most)
        {
            if (value < least || value > most) errors.Add(new InputError(option, $"is {value}; it must be from {least} to {most}"));
        }
    }

    private static ReportTable Table(IReadOnlyList<PipelineCase> cases) => new(
        "A step, in seconds", ["workers", "rollouts", "tokens", "step", "rollout phase", "busiest worker", "idle share", "learning", "overhead", "of a step of 10 s"],
        [.. cases.Select(one => (string[])
        [
            Text(one.Workers, "0"), Text(one.RolloutsPerStep, "N0"), Text(one.TokensPerStep, "N0"), Text(one.Step, "0.00"), Text(one.Rollout, "0.00"), Text(one.Busiest, "0.00"), Text(one.IdleShare, "P1"),
            Text(one.Learning, "0.00"), Text(one.Overhead, "0.00"), Text(one.OverheadShareOf10s, "P1"),
        ])]);

    private static ReportTable Table(SimulatedStep step) => new("A simulated step", ["", ""],
    [
        ["workers, tasks, rollouts", $"{step.Workers:N0}, {step.Tasks:N0}, {step.Rollouts:N0}"],
        ["tokens, work items", string.Create(CultureInfo.InvariantCulture, $"{step.Tokens:N0}, {step.Items:N0}")],
        ["seconds: planning and splitting (measured here)", Text(step.Planning, "0.00")],
        ["seconds: rollout phase (virtual)", Text(step.Rollout, "0.0")],
        ["seconds: decoding and collecting (measured here)", Text(step.Collecting, "0.0")],
        ["workers idle in the rollout phase", Text(step.IdleShare, "P1")],
        ["workers idle in the whole step, learning left out", Text(step.StepIdleShare, "P1")],
        ["dollars of the workers, of their idle time", $"{Text(step.Usd, "0.00")}, {Text(step.UsdIdle, "0.00")}"],
    ]);

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}

internal sealed record PipelineCases(IReadOnlyList<PipelineCase> Cases);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PipelineCases))]
[JsonSerializable(typeof(SimulatedStep))]
internal sealed partial class BenchPipelineJson : JsonSerializerContext;
