using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Learning;

/// <summary>Memory that one pass may use for what its backward needs.</summary>
/// <param name="Bytes">Per shard.</param>
/// <param name="BytesPerToken">Activations of one token in all layers.</param>
/// <param name="BytesPerScore">Attention scores of one query and key in all layers and heads.</param>
public readonly record struct MicrobatchBudget(long Bytes, long BytesPerToken, long BytesPerScore)
{
    /// <summary>Float32 activations that autograd keeps: about 8 of the hidden size, 4 of queries, keys and values, and 5 of the SwiGLU.</summary>
    public static MicrobatchBudget For(ModelConfig config, long bytes)
    {
        long perLayer = 8L * config.HiddenSize + 4L * (config.QuerySize + 2 * config.KeyValueSize) + 5L * config.IntermediateSize;
        return new(bytes, sizeof(float) * perLayer * config.NumHiddenLayers, 3L * sizeof(float) * config.NumHiddenLayers * config.NumAttentionHeads);
    }
}
