using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Learning;

/// <summary>Memory that one pass may use for what its backward needs.</summary>
/// <param name="Bytes">Per shard.</param>
/// <param name="BytesPerToken">Activations of one token in all layers.</param>
/// <param name="BytesPerScore">Attention scores of one query and key in all layers and heads, where scores are made.</param>
/// <param name="BytesPerCell">Gathered queries, keys and values of one cell of attention in all layers.</param>
public readonly record struct MicrobatchBudget(long Bytes, long BytesPerToken, long BytesPerScore, long BytesPerCell = 0)
{
    /// <summary>
    /// Activations that autograd keeps: about 8 of the hidden size, 4 of queries, keys and values, and 5 of the SwiGLU. Of a
    /// cell a query with its result, or a key with its value: no more than queries and keys together, as there are more keys than queries.
    /// </summary>
    /// <param name="recompute">Of all layers but the one in work only what goes into them.</param>
    /// <param name="numberBytes">Of one number of an activation.</param>
    public static MicrobatchBudget For(ModelConfig config, long bytes, bool recompute = false, int numberBytes = sizeof(float))
    {
        // The layer that is made again has its gradients beside it, while those of the others are gone.
        long layers = recompute ? 2 : config.NumHiddenLayers, perLayer = 8L * config.HiddenSize + 4L * (config.QuerySize + 2 * config.KeyValueSize) + 5L * config.IntermediateSize;
        var inputs = recompute ? (long)config.NumHiddenLayers * config.HiddenSize : 0;
        return new(bytes, numberBytes * (perLayer * layers + inputs), 3L * numberBytes * layers * config.NumAttentionHeads, numberBytes * layers * (config.QuerySize + config.KeyValueSize));
    }

    /// <summary>
    /// Of <see cref="Cpu.CpuPass"/>: five numbers of the hidden size a layer, queries, keys and values, what is attended, and three of the SwiGLU; the
    /// way back of one layer beside them. Probabilities are kept where scores are made.
    /// </summary>
    public static MicrobatchBudget ForKernels(ModelConfig config, long bytes)
    {
        long layers = config.NumHiddenLayers, heads = config.QuerySize + 2 * config.KeyValueSize;
        var kept = 5L * config.HiddenSize + (config.HasQueryKeyNorm ? 2 : 1) * heads + config.QuerySize + 3L * config.IntermediateSize;
        var once = 3L * config.HiddenSize + heads + config.QuerySize + config.IntermediateSize;
        return new(bytes, sizeof(float) * (kept * layers + once), sizeof(float) * layers * config.NumAttentionHeads);
    }

    /// <summary>Bytes that the largest row takes in a pass of its own with its prompt.</summary>
    public long LeastBytes(IReadOnlyList<PackedGroup> groups)
    {
        var budget = this;
        return groups.Count == 0 ? 0 : groups.Max(group => budget.PromptBytes(group.PromptIds.Length) + group.Rows.Max(row => budget.RowBytes(group.PromptIds.Length, row.Inputs)));
    }

    /// <summary>Of a prompt, once for all its rows.</summary>
    public long PromptBytes(long tokens) => tokens * BytesPerToken + AttentionBytes(tokens, tokens);

    /// <summary>Of what one row adds to its prompt.</summary>
    public long RowBytes(long prompt, long inputs) => inputs * BytesPerToken + AttentionBytes(inputs, prompt + inputs);

    private long AttentionBytes(long queries, long keys) =>
        (queries + keys) * BytesPerCell + (GroupedAttention.MakesScores(keys) ? queries * keys * BytesPerScore : 0);
}
