using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Generation;

/// <summary>How an engine spends the bytes it is given.</summary>
/// <param name="Places">Rollouts at once: 1 or more, and no more than wait.</param>
/// <param name="PrefillTokens">Prompt tokens, padding included, in one forward pass; one prompt goes in whatever its length.</param>
internal readonly record struct MemoryPlan(int Places, int PrefillTokens)
{
    /// <summary>Of the bytes, at most one in so many is for prompts while they are computed.</summary>
    private const int PrefillShare = 4;

    /// <param name="most">Rollouts that the decoder is fastest with, by the bytes of one.</param>
    public static MemoryPlan For(RolloutQueue queue, ModelConfig config, EngineOptions options, Func<long, long> most)
    {
        var tokens = (int)Math.Clamp(options.CacheBytes / PrefillShare / BytesPerPromptToken(config, options), 1, options.PrefillTokens);
        var prefill = Math.Max(tokens, queue.LongestPrompt) * BytesPerPromptToken(config, options);
        var row = BytesPerRow(queue.Slots(), config, options);
        var places = Math.Min((options.CacheBytes - prefill) / row, most(row));
        return new((int)Math.Clamp(places, 1, Math.Min(options.MaxRows, queue.Count)), tokens);
    }

    /// <summary>
    /// Bytes that a rollout has while it is generated: keys and values of every layer, one more of either while its prompt is written,
    /// and its logits as they are computed and as they are sampled from.
    /// </summary>
    public static long BytesPerRow(int slots, ModelConfig config, EngineOptions options) =>
        options.BytesOfNumber * (2L * config.NumHiddenLayers + 1) * config.KeyValueSize * slots + 2L * sizeof(float) * config.VocabSize;

    /// <summary>
    /// Bytes that a prompt's token needs in the layer that has most at once: in attention with all steps of the rotation and heads
    /// repeated for the queries that share them, or in the SwiGLU.
    /// </summary>
    private static long BytesPerPromptToken(ModelConfig config, EngineOptions options) => options.BytesOfNumber * Math.Max(
        3L * config.HiddenSize + 9L * config.QuerySize + 6L * config.KeyValueSize,
        4L * config.HiddenSize + 4L * config.IntermediateSize);
}
