using System.CommandLine;
using KnapsackCloud.Cli.Estimating;
using KnapsackCloud.Cli.Running;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Estimate;
using KnapsackCloud.Core.Plan.Rounds;
using KnapsackCloud.Model.Learning;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack estimate</c>: what a run will bring and take, before it is started. It reads no weights and changes nothing.</summary>
internal static class EstimateCommand
{
    /// <summary>Prompts whose length is measured.</summary>
    private const int MeasuredPrompts = 256;

    private static readonly Argument<string> Spec = new("spec") { Description = "Run spec, a JSON file" };
    private static readonly Option<int> Workers = new("--workers") { Description = "GPU workers, or processes like that of the earlier run", DefaultValueFactory = _ => 1 };
    private static readonly Option<string?> Gpu = new("--gpu") { Description = $"Time and price on this GPU: {string.Join(" or ", GpuProfile.All.Select(gpu => gpu.Name))} [default: time as measured in the earlier run]" };
    private static readonly Option<string?> From = new("--from") { Description = "Earlier run of like tasks and model, an id or latest: its ledger replaces the bare prior" };
    private static readonly Option<string> Out = new("--out") { Description = "Folder with the earlier run", DefaultValueFactory = _ => ".knapsack" };
    private static readonly Option<string?> Policy = new("--policy") { Description = $"Instead of the spec's allocation policy: {string.Join(", ", RoundPolicies.Names)}" };
    private static readonly Option<string[]> Set = SpecSetting.NewOption("Instead of a member of the spec, such as allocation.scope=pool; may be given several times");
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout" };

    public static Command Create()
    {
        var command = new Command("estimate", "Predicts effective ratios, rollouts, time and price of a run before it is started.") { Spec, Workers, Gpu, From, Out, Policy, Set, Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Check(parsed);
        var inputs = RunInputs.Read(parsed.GetValue(Spec), Settings(parsed));
        var (spec, training) = (inputs.Spec, inputs.Tasks.Training);
        var outline = PolicyOutline.Of(spec.Model);
        var earlier = await ReadEarlierAsync(parsed, spec, training.Count, cancellation).ConfigureAwait(false);
        var compute = Compute(parsed.GetValue(Gpu), spec, outline, earlier);
        var outcomes = OutcomeForecaster.Forecast(spec, training, earlier?.Ledger ?? [], cancellation);
        var prompts = training.Take(MeasuredPrompts).Average(task => outline.Tokenizer.EncodePrompt(task.Prompt, spec.Tasks.PromptFormat).Length);
        var estimate = RunEstimate.Make(spec, outcomes, inputs.Tasks.Evaluation.Count, prompts, parsed.GetValue(Workers), compute);
        var view = new EstimateView(estimate, parsed.GetValue(Gpu), Price(parsed.GetValue(Gpu), estimate, spec.Splitting), Evidence(earlier), compute.Source);
        if (parsed.GetValue(Json)) view.WriteJson();
        else view.Print();
        return ExitCodes.Done;
    }

    private static void Check(ParseResult parsed)
    {
        var errors = new List<InputError>();
        if (parsed.GetValue(Workers) is < 1 or > 10_000) errors.Add(new InputError("--workers", $"is {parsed.GetValue(Workers)}: it must be from 1 to 10,000"));
        var names = GpuProfile.All.Select(gpu => gpu.Name).ToList();
        if (parsed.GetValue(Gpu) is { } gpu && !names.Contains(gpu)) errors.Add(new InputError("--gpu", $"'{gpu}' is unknown: use {string.Join(" or ", names)}"));
        if (parsed.GetValue(Gpu) is null && parsed.GetValue(From) is null) errors.Add(new InputError("--gpu", $"name {string.Join(" or ", names)}, or with --from an earlier run whose measured rates hold"));
        if (errors.Count > 0) throw new InvalidInputException(errors);
    }

    private static List<SpecSetting> Settings(ParseResult parsed)
    {
        var settings = SpecSetting.Read(parsed, Set);
        if (parsed.GetValue(Policy) is { } policy) settings.Add(new SpecSetting("allocation.policy", policy));
        return settings;
    }

    private static async Task<EarlierRun?> ReadEarlierAsync(ParseResult parsed, RunSpec spec, int pool, CancellationToken cancellation)
    {
        if (parsed.GetValue(From) is not { } name) return null;
        using var store = StoredRuns.Open(parsed.GetValue(Out)!);
        return await EarlierRun.ReadAsync(store, name, (pool + spec.Tasks.PerStep - 1) / spec.Tasks.PerStep, cancellation).ConfigureAwait(false);
    }

    private static IComputeModel Compute(string? gpu, RunSpec spec, PolicyOutline outline, EarlierRun? earlier)
    {
        if (gpu is null) return earlier?.Compute ?? throw new InvalidInputException("--from", $"run {earlier?.Id} was not timed in one process: name a --gpu");
        var profile = GpuProfile.All.First(one => one.Name == gpu);
        return new GpuCompute(new ModelOutline(outline.Parameters, outline.Config.NumHiddenLayers, outline.CacheValues), profile, spec);
    }

    private static RunPrice? Price(string? gpu, RunEstimate estimate, SplittingSpec splitting) =>
        gpu is null ? null : PriceList.Current.Of(estimate, gpu, Math.Max(splitting.MinItems, estimate.Outcomes.TokensPerStep / splitting.ItemTokens));

    private static string Evidence(EarlierRun? earlier) => earlier is null
        ? "none: success rates evenly spread, completions as long as allowed"
        : $"ledger of {earlier.Ledger.Count} tasks after step {earlier.Step} of run {earlier.Id}";
}
