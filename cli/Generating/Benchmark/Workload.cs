using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Cli.Generating.Benchmark;

/// <summary>
/// Rollouts to generate, in groups of eight over one prompt each. Of equal lengths there is one batch; of spread lengths,
/// from a tenth of the longest to the longest, there are four, as a step of training has more rollouts than places.
/// </summary>
internal sealed record Workload(string Model, int Batch, int PromptTokens, int NewTokens, bool Spread)
{
    private const int GroupSize = 8;
    private const int SpreadBatches = 4;
    private const int LongestToShortest = 10;

    public int Rollouts => Spread ? SpreadBatches * Batch : Batch;

    /// <summary>New tokens of each rollout, in their order.</summary>
    public int[] Lengths()
    {
        var random = new CounterRandom(Seeds.For(1, "lengths"));
        var shortest = Math.Max(1, NewTokens / LongestToShortest);
        return [.. Enumerable.Range(0, Rollouts).Select(_ => Spread ? shortest + (int)random.Next(NewTokens - shortest + 1) : NewTokens)];
    }

    public IReadOnlyList<GenerationPrompt> Prompts(ModelConfig config)
    {
        var random = new CounterRandom(Seeds.For(1, "prompts"));
        var (lengths, prompts) = (Lengths(), new List<GenerationPrompt>());
        for (var first = 0; first < Rollouts; first += GroupSize)
        {
            var count = Math.Min(GroupSize, Rollouts - first);
            var ids = new int[PromptTokens];
            for (var i = 0; i < ids.Length; i++) ids[i] = (int)random.Next(config.VocabSize);
            ulong[] seeds = [.. Enumerable.Range(first, count).Select(rollout => Seeds.For(1, $"rollout/{rollout}"))];
            prompts.Add(new GenerationPrompt(ids, seeds) { MaxTokens = lengths[first..(first + count)] });
        }

        return prompts;
    }
}
