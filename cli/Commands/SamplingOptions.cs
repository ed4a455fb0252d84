using System.CommandLine;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Cli.Commands;

/// <summary>The options of every command that samples from a model.</summary>
/// <param name="maxTokensDefault">Null: as many as the model has room for.</param>
internal sealed class SamplingOptions(int? maxTokensDefault)
{
    /// <summary>Stands for "as many as the model has room for".</summary>
    public const int Unbounded = int.MaxValue;

    private readonly Option<int?> _maxTokens = new("--max-tokens") { Description = maxTokensDefault is { } number ? $"Longest completion [default: {number}]" : "Longest completion [default: what the model has room for]" };
    private readonly Option<int> _minTokens = new("--min-tokens") { Description = "Shortest completion, its end included; 0 is off", DefaultValueFactory = _ => 0 };
    private readonly Option<string[]> _stop = new("--stop") { Description = "Text that ends a completion and stays in it; may be given several times" };
    private readonly Option<int[]> _stopTokens = new("--stop-token") { Description = "Token id that ends a completion beside the model's own; may be given several times" };
    private readonly Option<double> _temperature = new("--temperature") { Description = "Above 0; or 0, which is --greedy", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _topP = new("--top-p") { Description = "Nucleus mass in (0, 1]; 1 is off", DefaultValueFactory = _ => 1 };
    private readonly Option<int> _topK = new("--top-k") { Description = "Most likely tokens kept; 0 is off", DefaultValueFactory = _ => 0 };
    private readonly Option<bool> _greedy = new("--greedy") { Description = "Always the most likely token" };
    private readonly Option<ulong> _seed = new("--seed") { Description = "Of the samples", DefaultValueFactory = _ => 1 };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_maxTokens, _minTokens, _stop, _stopTokens, _temperature, _topP, _topK, _greedy, _seed]) command.Options.Add(option);
    }

    /// <summary>Whether the longest completion is the user's own wish, not the default.</summary>
    public bool HasMaxTokens(ParseResult parsed) => parsed.GetValue(_maxTokens) is not null;

    public ulong Seed(ParseResult parsed) => parsed.GetValue(_seed);

    /// <summary>What is wrong is added to the errors.</summary>
    public SamplingSpec Read(ParseResult parsed, List<InputError> errors)
    {
        var spec = new SamplingSpec
        {
            Temperature = parsed.GetValue(_greedy) ? 0 : parsed.GetValue(_temperature),
            TopP = parsed.GetValue(_topP),
            TopK = parsed.GetValue(_topK),
            MaxTokens = parsed.GetValue(_maxTokens) ?? maxTokensDefault ?? Unbounded,
            MinTokens = parsed.GetValue(_minTokens),
            Stop = parsed.GetValue(_stop) ?? [],
            StopTokens = parsed.GetValue(_stopTokens) ?? [],
        };
        if (spec.MinTokens < 0 || spec.MinTokens > Math.Max(1, spec.MaxTokens)) errors.Add(new InputError("--min-tokens", $"is {spec.MinTokens}; it must be from 0 to the longest completion, {spec.MaxTokens}"));
        if (spec.Stop.Any(stop => stop.Length == 0)) errors.Add(new InputError("--stop", "is empty; give the text that ends a completion"));
        if (spec.MaxTokens < 1) errors.Add(new InputError("--max-tokens", $"is {spec.MaxTokens}; it must be at least 1"));
        if (!(spec.Temperature is >= 0 and <= 100)) errors.Add(new InputError("--temperature", $"is {spec.Temperature}; it must be from 0 to 100"));
        if (!(spec.TopP is > 0 and <= 1)) errors.Add(new InputError("--top-p", $"is {spec.TopP}; it must be above 0 and at most 1"));
        if (spec.TopK < 0) errors.Add(new InputError("--top-k", $"is {spec.TopK}; it must be 0 or more"));
        return spec;
    }
}
