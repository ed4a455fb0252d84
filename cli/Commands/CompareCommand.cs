using System.CommandLine;
using System.Globalization;
using KnapsackCloud.Cli.Comparing;
using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Cli.Running;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Estimate;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack compare</c>: a spec with several allocation policies and losses over matched seeds.</summary>
internal static class CompareCommand
{
    private const string Place = "--policies";
    /// <summary>Learning rates are chosen on seeds that no arm is compared on.</summary>
    private const ulong FirstTuningSeed = 1_000_001;

    private static readonly Argument<string?> Spec = new("spec") { Description = "Run spec [default: examples/arithmetic.json]", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string> Policies = new(Place) { Description = "Separated by commas, each with settings of allocation if need be: posterior:scope=pool:pool.opening=4. The others are compared with the first", DefaultValueFactory = _ => "uniform,knapsack,posterior" };
    private static readonly Option<string?> Losses = new("--loss") { Description = "Loss normalisations to cross the policies with, separated by commas [default: the spec's]" };
    private static readonly Option<string?> Rates = new("--learning-rates") { Description = "Each arm takes the one that ends best on seeds of its own [default: the spec's]" };
    private static readonly Option<int> TuningSeeds = new("--tuning-seeds") { Description = "Seeds that learning rates are chosen on", DefaultValueFactory = _ => 2 };
    private static readonly Option<int> Seeds = new("--seeds") { Description = "Seeds 1 to this number, the same for every arm", DefaultValueFactory = _ => 5 };
    private static readonly Option<int?> Steps = new("--steps") { Description = "Instead of the spec's steps" };
    private static readonly Option<double?> Target = new("--target") { Description = "Held-out accuracy that rollouts, tokens and seconds are counted to [default: what the first arm ends with]" };
    private static readonly Option<string?> Gpu = new("--gpu") { Description = $"Prices the seconds to the target as those of this machine: {string.Join(", ", PriceList.Current.Names)} [default: no dollars]" };
    private static readonly Option<string[]> Set = SpecSetting.NewOption("Instead of a member of the spec, in all runs; may be given several times");
    private static readonly Option<int> Processes = new("--processes") { Description = "Runs at a time, one core each", DefaultValueFactory = _ => Environment.ProcessorCount };
    private static readonly Option<string> Out = new("--out") { Description = "The store's folder, and that of the report; runs that are there already are used or resumed", DefaultValueFactory = _ => Path.Combine(".knapsack", "compare") };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout; progress goes to stderr" };

    public static Command Create()
    {
        var command = new Command("compare", "Runs a spec with several allocation policies and losses over matched seeds and compares them in pairs.") { Spec, Policies, Losses, Rates, TuningSeeds, Seeds, Steps, Target, Gpu, Set, Processes, Out, Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Check(parsed);
        var path = parsed.GetValue(Spec) ?? RunInputs.Example();
        var common = Common(parsed);
        var spec = RunInputs.Read(path, common).Spec;
        if (spec.Evaluation.Every == 0) throw new InvalidInputException("evaluation.every", "is 0: a comparison needs held-out accuracy");
        var arms = Arms(parsed, spec);
        var rates = ReadRates(parsed) ?? [spec.Learning.LearningRate];
        var tuning = rates.Count == 1 ? 0 : parsed.GetValue(TuningSeeds) * rates.Count;
        var progress = new FarmProgress(arms.Count * (tuning + parsed.GetValue(Seeds)), TimeProvider.System, Console.Error);
        var farm = new RunFarm(path, common, parsed.GetValue(Out)!, parsed.GetValue(Processes), progress);
        Check(arms.Select(arm => new RunDesign(arm, rates[0], 1, Tuning: false)), farm);
        var tuned = tuning == 0 ? [.. arms.Select(_ => rates[0])] : await TuneAsync(farm, arms, rates, parsed.GetValue(TuningSeeds), cancellation).ConfigureAwait(false);
        var designs = arms.SelectMany((arm, i) => Enumerable.Range(1, parsed.GetValue(Seeds)).Select(seed => new RunDesign(arm, tuned[i], (ulong)seed, Tuning: false))).ToList();
        var histories = await farm.RunAsync(designs, cancellation).ConfigureAwait(false);
        var compared = arms.Select((arm, i) => new ComparisonArm(arm.Name, arm.Loss, tuned[i], [.. histories.Chunk(parsed.GetValue(Seeds)).ElementAt(i).Select(ArmRun.Of)])).ToList();
        var comparison = Comparison.Of(compared, parsed.GetValue(Target), parsed.GetValue(Gpu));
        var page = ComparisonReport.Write(comparison, spec, parsed.GetValue(Out)!);
        Print(comparison, page, parsed.GetValue(Json));
        return ExitCodes.Done;
    }

    /// <summary>Per arm the learning rate with the best mean of the final accuracies.</summary>
    private static async Task<IReadOnlyList<double>> TuneAsync(RunFarm farm, List<ArmDesign> arms, IReadOnlyList<double> rates, int seeds, CancellationToken cancellation)
    {
        var designs = (from arm in arms from rate in rates from seed in Enumerable.Range(0, seeds) select new RunDesign(arm, rate, FirstTuningSeed + (ulong)seed, Tuning: true)).ToList();
        var histories = await farm.RunAsync(designs, cancellation).ConfigureAwait(false);
        return
        [
            .. arms.Select(arm => designs.Zip(histories).Where(run => run.First.Arm == arm).GroupBy(run => run.First.LearningRate)
                .MaxBy(runs => runs.Average(run => run.Second.Evaluations[^1].Evaluation.MeanReward))!.Key),
        ];
    }

    private static List<ArmDesign> Arms(ParseResult parsed, RunSpec spec)
    {
        var losses = parsed.GetValue(Losses)?.Split(',', StringSplitOptions.TrimEntries) ?? [spec.Learning.Normalisation];
        return [.. losses.SelectMany(loss => Names(parsed).Select(name => ArmDesign.Parse(name, loss)))];
    }

    private static string[] Names(ParseResult parsed) => parsed.GetValue(Policies)!.Split(',', StringSplitOptions.TrimEntries);

    private static List<SpecSetting> Common(ParseResult parsed)
    {
        var settings = SpecSetting.Read(parsed, Set);
        if (parsed.GetValue(Steps) is { } steps) settings.Add(new SpecSetting("steps", steps.ToString(CultureInfo.InvariantCulture)));
        return settings;
    }

    private static List<double>? ReadRates(ParseResult parsed) => parsed.GetValue(Rates)?.Split(',', StringSplitOptions.TrimEntries)
        .Select(text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate) && rate > 0
            ? rate
            : throw new InvalidInputException("--learning-rates", $"'{text}' is no number above 0")).ToList();

    private static void Check(ParseResult parsed)
    {
        var names = Names(parsed);
        var errors = names.Select(name => name.Split(':')[0]).Where(policy => !Core.Plan.Rounds.RoundPolicies.Names.Contains(policy))
            .Select(policy => new InputError(Place, $"'{policy}' is unknown; choose from {string.Join(", ", Core.Plan.Rounds.RoundPolicies.Names)}")).ToList();
        if (names.Distinct().Count() < names.Length) errors.Add(new InputError(Place, "names a policy twice"));
        Within("--seeds", parsed.GetValue(Seeds), 1000);
        Within("--tuning-seeds", parsed.GetValue(TuningSeeds), 1000);
        Within("--processes", parsed.GetValue(Processes), 1000);
        if (parsed.GetValue(Target) is not (null or (> 0 and <= 1))) errors.Add(new InputError("--target", "must be above 0 and at most 1"));
        if (parsed.GetValue(Gpu) is { } gpu && !PriceList.Current.Names.Contains(gpu)) errors.Add(new InputError("--gpu", $"'{gpu}' is not one of {string.Join(", ", PriceList.Current.Names)}"));
        if (errors.Count > 0) throw new InvalidInputException(errors);

        void Within(string option, int value, int most)
        {
            if (value < 1 || value > most) errors.Add(new InputError(option, $"is {value}; it must be from 1 to {most}"));
        }
    }

    /// <summary>What is wrong with any arm is told before any runs.</summary>
    private static void Check(IEnumerable<RunDesign> designs, RunFarm farm)
    {
        var errors = new List<InputError>();
        foreach (var design in designs)
        {
            try
            {
                farm.Inputs(design);
            }
            catch (InvalidInputException e)
            {
                errors.AddRange(e.Errors);
            }
        }

        if (errors.Count > 0) throw new InvalidInputException(errors);
    }

    private static void Print(Comparison comparison, string page, bool json)
    {
        if (json)
        {
            Console.Out.WriteLine(comparison.ToJson());
            return;
        }

        foreach (var table in comparison.Tables()) TableView.Print(table);
        Spectre.Console.AnsiConsole.WriteLine($"report: {page}");
    }
}
