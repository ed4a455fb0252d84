using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Cli.Generating;

/// <summary>Samples as a person or a program reads them.</summary>
/// <param name="seconds">Of generation alone, without loading the model.</param>
internal sealed class GenerationReport(string model, PromptInput input, IReadOnlyList<Completion> completions, double seconds)
{
    private double TokensPerSecond => completions.Sum(completion => (long)completion.TokenIds.Length) / Math.Max(seconds, 1e-9);

    public void WriteJson(TextWriter output)
    {
        var samples = completions.Select((completion, index) => new SampleJson(
            index, input.TokenIds, completion.TokenIds, completion.LogProbs,
            ReferenceEquals(completion.LogProbs, completion.ModelLogProbs) ? null : completion.ModelLogProbs,
            Text(completion), StopReason(completion))).ToArray();
        output.WriteLine(JsonSerializer.Serialize(new GenerationJson(model, samples, Math.Round(TokensPerSecond, 1)), GenerateJson.Default.GenerationJson));
    }

    public void WriteText(TextWriter output, bool logProbs)
    {
        foreach (var (index, completion) in completions.Index())
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"[{index}] {completion.TokenIds.Length} tokens, {StopReason(completion)}, log-prob {completion.LogProbs.Sum():0.000}"));
            output.WriteLine(Text(completion) ?? string.Join(',', completion.TokenIds));
            if (!logProbs) continue;
            foreach (var (at, id) in completion.TokenIds.Index())
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {id,8}  {completion.LogProbs[at],9:0.0000}  {input.Tokenizer?.Decode([id])}"));
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{TokensPerSecond:0} tokens/s"));
    }

    private string? Text(Completion completion) => input.Tokenizer?.Decode(completion.TokenIds);

    private static string StopReason(Completion completion) => JsonNamingPolicy.CamelCase.ConvertName(completion.Stop.ToString());
}

internal sealed record GenerationJson(string Model, SampleJson[] Samples, double TokensPerSecond);

internal sealed record SampleJson(int Index, int[] PromptIds, int[] Ids, float[] Logprobs, float[]? ModelLogprobs, string? Text, string StopReason);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GenerationJson))]
internal sealed partial class GenerateJson : JsonSerializerContext;
