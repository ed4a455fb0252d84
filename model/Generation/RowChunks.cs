using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Generation;

/// <summary>Rollouts [FirstSeed, FirstSeed + Count) of one prompt.</summary>
internal readonly record struct PromptSlice(int Prompt, int FirstSeed, int Count);

/// <summary>
/// Cuts a request into chunks that fit the engine's limits. The cut depends on the request and the options alone, so
/// that the same call gives the same batches. Prompts of like length go together: little is padded.
/// </summary>
internal static class RowChunks
{
    public static IEnumerable<IReadOnlyList<PromptSlice>> Of(IReadOnlyList<GenerationPrompt> prompts, int maxTokens, ModelConfig config, EngineOptions options)
    {
        var chunk = new List<PromptSlice>();
        var rows = 0;
        foreach (var index in Enumerable.Range(0, prompts.Count).OrderBy(i => prompts[i].TokenIds.Length))
        {
            // Lengths only grow, so the limit of the newest prompt holds for the whole chunk.
            var limit = MostRows(prompts[index].TokenIds.Length + maxTokens, config, options);
            for (var seed = 0; seed < prompts[index].Seeds.Count;)
            {
                if (rows >= limit)
                {
                    yield return chunk;
                    (chunk, rows) = ([], 0);
                }

                var count = Math.Min(limit - rows, prompts[index].Seeds.Count - seed);
                chunk.Add(new PromptSlice(index, seed, count));
                seed += count;
                rows += count;
            }
        }

        if (rows > 0) yield return chunk;
    }

    /// <summary>The same rows as two chunks of about as many; one row cannot be parted.</summary>
    public static IReadOnlyList<IReadOnlyList<PromptSlice>> Halves(IReadOnlyList<PromptSlice> chunk)
    {
        var (left, right) = (new List<PromptSlice>(), new List<PromptSlice>());
        var room = chunk.Sum(slice => slice.Count) / 2;
        foreach (var slice in chunk)
        {
            var first = Math.Min(room, slice.Count);
            if (first > 0) left.Add(slice with { Count = first });
            if (first < slice.Count) right.Add(new PromptSlice(slice.Prompt, slice.FirstSeed + first, slice.Count - first));
            room -= first;
        }

        return [left, right];
    }

    /// <summary>Bytes that a rollout keeps while it is generated: keys and values of every layer, and its logits.</summary>
    public static long BytesPerRow(int slots, ModelConfig config, int bytesPerNumber) =>
        bytesPerNumber * 2L * config.NumHiddenLayers * config.KeyValueSize * slots + sizeof(float) * (long)config.VocabSize;

    private static int MostRows(int slots, ModelConfig config, EngineOptions options) =>
        (int)Math.Clamp(options.CacheBytes / BytesPerRow(slots, config, options.Precision == GenerationPrecision.BF16 ? 2 : sizeof(float)), 1, options.MaxRows);
}
