using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Generation;

/// <summary>Bytes that a decoder needs beside the model, and rollouts that it is fastest with.</summary>
/// <param name="Row">Of a rollout while it is generated.</param>
/// <param name="PromptToken">Of a prompt's token while it is computed.</param>
/// <param name="PromptTokens">Computed at once, of whatever prompts; null: whole prompts are.</param>
/// <param name="MostRows">Rollouts at once; more are no faster.</param>
internal sealed record DecoderMemory(long Row, long PromptToken, int? PromptTokens, long MostRows)
{
    /// <summary>
    /// Of the tensor library's decoder. A rollout has keys and values of every layer, one more of either while its prompt is written, and
    /// its logits as they are computed and as they are sampled from. A prompt's token is counted in the layer that has most at
    /// once: in attention with all steps of the rotation and heads repeated for the queries that share them, or in the SwiGLU.
    /// </summary>
    /// <param name="numberBytes">Of one weight and of one cached number.</param>
    public static DecoderMemory OfLibrary(ModelConfig config, int slots, long numberBytes) => new(
        numberBytes * (2L * config.NumHiddenLayers + 1) * config.KeyValueSize * slots + 2L * sizeof(float) * config.VocabSize,
        numberBytes * Math.Max(3L * config.HiddenSize + 9L * config.QuerySize + 6L * config.KeyValueSize, 4L * config.HiddenSize + 4L * config.IntermediateSize),
        null, long.MaxValue);
}
