using System.CommandLine;
using System.Globalization;
using KnapsackCloud.Cli.Comparing;
using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Cli.Running;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan.Rounds;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack compare</c>: the same spec with several policies over matched seeds.</summary>
internal static class CompareCommand
{
    private static readonly Argument<string?> Spec = new("spec") { Description = "Run spec [default: examples/arithmetic.json]", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string> Policies = new("--policies") { Description = "Allocation policies, separated by commas; the first is what the others are compared with", DefaultValueFactory = _ => "uniform,knapsack,posterior" };
    private static readonly Option<int> Seeds = new("--seeds") { Description = "Seeds 1 to this number, the same for every policy", DefaultValueFactory = _ => 5 };
    private static readonly Option<int?> Steps = new("--steps") { Description = "Instead of the spec's steps" };
    private static readonly Option<string> Out = new("--out") { Description = "The store's folder; runs that are there already are used or resumed", DefaultValueFactory = _ => Path.Combine(".knapsack", "compare") };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout; progress goes to stderr" };

    public static Command Create()
    {
        var command = new Command("compare", "Runs a spec with several allocation policies over matched seeds and compares them in pairs.") { Spec, Policies, Seeds, Steps, Out, Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var policies = parsed.GetValue(Policies)!.Split(',', StringSplitOptions.TrimEntries);
        var seeds = parsed.GetValue(Seeds);
        Check(policies, seeds, parsed.GetValue(Steps));
        var arms = new List<ComparisonArm>();
        foreach (var policy in policies)
        {
            var runs = new List<ArmRun>();
            for (var seed = 1; seed <= seeds; seed++)
            {
                var inputs = RunInputs.Read(parsed.GetValue(Spec), spec => spec with
                {
                    Seed = (ulong)seed,
                    Steps = parsed.GetValue(Steps) ?? spec.Steps,
                    Allocation = spec.Allocation with { Policy = policy },
                });
                if (inputs.Spec.Evaluation.Every == 0) throw new InvalidInputException("evaluation.every", "is 0: a comparison needs held-out accuracy");
                runs.Add(await RunOneAsync(inputs, parsed.GetValue(Out)!, cancellation).ConfigureAwait(false));
                await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{policy}, seed {seed}: held-out accuracy {runs[^1].Final:0.000} ({arms.Count * seeds + seed} of {policies.Length * seeds} runs)")).ConfigureAwait(false);
                if (seed == seeds) arms.Add(new ComparisonArm(policy, inputs.Spec.Learning.Normalisation, inputs.Spec.Learning.LearningRate, runs));
            }
        }

        Print(Comparison.Of(arms), parsed.GetValue(Json));
        return ExitCodes.Done;
    }

    /// <summary>A run of this very spec that the store has already is finished or read instead of made again.</summary>
    private static async Task<ArmRun> RunOneAsync(RunInputs inputs, string folder, CancellationToken cancellation)
    {
        using var session = new RunSession(folder, TimeProvider.System);
        var run = await session.FindAsync(inputs.Spec, cancellation).ConfigureAwait(false) ?? await session.StartAsync(inputs, cancellation).ConfigureAwait(false);
        var status = await session.RunAsync(run, cancellation).ConfigureAwait(false);
        if (status.State != RunState.Completed) throw new Core.Ports.StoreException($"run {run} is {status.State.ToString().ToLowerInvariant()}: {status.Reason}");
        return ArmRun.Of(await session.ReadHistoryAsync(run, cancellation).ConfigureAwait(false));
    }

    private static void Check(string[] policies, int seeds, int? steps)
    {
        var errors = policies.Where(policy => !RoundPolicies.Names.Contains(policy))
            .Select(policy => new InputError("--policies", $"'{policy}' is unknown; choose from {string.Join(", ", RoundPolicies.Names)}")).ToList();
        if (policies.Distinct().Count() < policies.Length) errors.Add(new InputError("--policies", "names a policy twice"));
        if (seeds is < 1 or > 1000) errors.Add(new InputError("--seeds", $"is {seeds}; it must be from 1 to 1000"));
        if (steps is < 1 or > RunSpecReader.MaxSteps) errors.Add(new InputError("--steps", $"is {steps}; it must be from 1 to {RunSpecReader.MaxSteps}"));
        if (errors.Count > 0) throw new InvalidInputException(errors);
    }

    private static void Print(Comparison comparison, bool json)
    {
        if (json)
        {
            Console.Out.WriteLine(comparison.ToJson());
            return;
        }

        foreach (var table in comparison.Tables()) TableView.Print(table);
    }
}
