using System.CommandLine;
using KnapsackCloud.Cli.Generating;
using KnapsackCloud.Cli.Running;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.LowRank;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack generate</c>: samples from a model folder.</summary>
internal static class GenerateCommand
{
    private const int MaxSamples = 100_000;

    /// <summary>From this width on, one matrix product has work for all cores.</summary>
    private const int WideModel = 256;

    public static Command Create()
    {
        var model = new Option<string>("--model") { Description = "Folder of the model, in Hugging Face layout", Required = true };
        var adapter = AdapterOption.Create();
        var prompt = new Option<string?>("--prompt") { Description = "Text to go on from" };
        var ids = new Option<string?>("--ids") { Description = "Token ids to go on from, such as 1,2,3; needs no tokenizer" };
        var samples = new Option<int>("-n") { Description = "Samples", DefaultValueFactory = _ => 4 };
        var sampling = new SamplingOptions(maxTokensDefault: 64);
        var chat = new ChatOptions();
        var logProbs = new Option<bool>("--logprobs") { Description = "Show each token's log-probability (in JSON it is always there)" };
        var json = new Option<bool>("--json") { Description = "One JSON document on stdout" };
        var command = new Command("generate", "Samples from a model folder.") { model, adapter, prompt, ids, samples, DeviceOption.Device, DeviceOption.Precision };
        chat.AddTo(command);
        sampling.AddTo(command);
        command.Options.Add(logProbs);
        command.Options.Add(json);
        command.SetAction((parsed, cancellation) =>
        {
            var precision = DeviceOption.PrecisionOf(parsed);
            var errors = new List<InputError>();
            var spec = sampling.Read(parsed, errors);
            if (parsed.GetValue(samples) is < 1 or > MaxSamples) errors.Add(new InputError("-n", $"is {parsed.GetValue(samples)}; it must be from 1 to {MaxSamples}"));
            var folder = parsed.GetValue(model)!;
            var input = PromptInput.Read(folder, parsed.GetValue(prompt), parsed.GetValue(ids), chat.Read(parsed, errors), errors);
            if (!sampling.HasMaxTokens(parsed)) spec = spec with { MaxTokens = Math.Clamp(input.Room, 1, spec.MaxTokens) };
            else if (spec.MaxTokens > input.Room) errors.Add(new InputError("--max-tokens", $"is {spec.MaxTokens}, but after the prompt the model has room for {Math.Max(0, input.Room)}"));
            foreach (var id in spec.StopTokens.Where(id => id < 0 || id >= input.Vocabulary))
                errors.Add(new InputError("--stop-token", $"{id} is not in the vocabulary, which goes from 0 to {input.Vocabulary - 1}"));
            if (spec.Stop.Count > 0 && input.Tokenizer is null) errors.Add(new InputError("--stop", $"needs text, and there is none: {input.NoText}"));
            if (errors.Count > 0) throw new InvalidInputException(errors);
            if (input.NoText is { } reason) Console.Error.WriteLine($"note: no text, only token ids: {reason}");
            DeviceOption.Use(parsed);
            var seeds = Enumerable.Range(0, parsed.GetValue(samples)).Select(index => Seeds.For(sampling.Seed(parsed), $"sample/{index}")).ToList();
            var result = Run(folder, parsed.GetValue(adapter), new GenerationPrompt(input.TokenIds, seeds), spec, input.Tokenizer, precision, cancellation);
            var report = new GenerationReport(folder, input, result.Completions, result.Seconds);
            if (parsed.GetValue(json)) report.WriteJson(Console.Out);
            else report.WriteText(Console.Out, parsed.GetValue(logProbs));
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    private static (Completion[] Completions, double Seconds) Run(string folder, string? adapterFolder, GenerationPrompt prompt, SamplingSpec sampling, ITokenizer? tokenizer, GenerationPrecision precision, CancellationToken cancellation)
    {
        var options = new EngineOptions { Precision = precision };
        using var model = PolicyFolder.Load(folder, adapterFolder, options.WeightType);
        var engine = new GenerationEngine(model, options with { Threads = Threads(model.Config) }, tokenizer);
        var started = TimeProvider.System.GetTimestamp();
        var completions = engine.Generate([prompt], sampling, cancellation)[0];
        return (completions, TimeProvider.System.GetElapsedTime(started).TotalSeconds);
    }

    private static int Threads(ModelConfig config) => config.HiddenSize >= WideModel ? Environment.ProcessorCount : 1;
}
