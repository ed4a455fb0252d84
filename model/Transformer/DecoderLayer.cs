using static TorchSharp.torch;

namespace KnapsackCloud.Model.Transformer;

/// <summary>
/// Weights of one layer. Projections that read the same input are one matrix: rows of QueryKeyValue are q, k, v; rows of
/// GateUp are gate, up. D hidden, Q query size, K key-value size, F intermediate.
/// </summary>
public sealed record DecoderLayer(
    Tensor AttentionNorm_D,
    Tensor QueryKeyValue_QKKxD,
    Tensor Output_DxQ,
    Tensor FeedForwardNorm_D,
    Tensor GateUp_2FxD,
    Tensor Down_DxF)
{
    /// <summary>Added to queries, keys and values; null where the architecture has none.</summary>
    public Tensor? QueryKeyValueBias_QKK { get; init; }

    /// <summary>Norm weights of one head's query and then of one head's key; null where the architecture has none.</summary>
    public Tensor? QueryKeyNorm_2H { get; init; }

    /// <summary>Hidden states after the layer, for whole sequences. What only the way there needs is freed on it.</summary>
    /// <param name="x_BTD">Hidden states before it.</param>
    /// <param name="mask">True where a query may look, broadcastable to [B, heads, T, T]; null is causal.</param>
    /// <param name="keep">Gets the layer's keys (rotated) and values, both [B, Hkv, T, D]: what a cache holds.</param>
    public Tensor Forward(Tensor x_BTD, ModelConfig config, RotaryAngles rotary, Tensor? mask, Action<Tensor, Tensor>? keep = null)
    {
        using var scope = NewDisposeScope();
        var attended_BTD = x_BTD.Plus(Attend(Kernels.RmsNorm(x_BTD, AttentionNorm_D, config.RmsNormEps), config, rotary, mask, keep));
        return attended_BTD.Plus(FeedForward(Kernels.RmsNorm(attended_BTD, FeedForwardNorm_D, config.RmsNormEps))).MoveToOuterDisposeScope();
    }

    private Tensor Attend(Tensor x_BTD, ModelConfig config, RotaryAngles rotary, Tensor? mask, Action<Tensor, Tensor>? keep)
    {
        using var scope = NewDisposeScope();
        long batch = x_BTD.shape[0], length = x_BTD.shape[1];
        int heads = config.NumAttentionHeads, keyValueHeads = config.NumKeyValueHeads, size = config.HeadDim;
        var qkv_BTHD = nn.functional.linear(x_BTD, QueryKeyValue_QKKxD, QueryKeyValueBias_QKK).view(batch, length, heads + 2 * keyValueHeads, size);
        var rotated_BTHD = rotary.Apply(NormQueriesKeys(qkv_BTHD.narrow(2, 0, heads + keyValueHeads), config));
        var q_BHTD = rotated_BTHD.narrow(2, 0, heads).transpose(1, 2);
        var k_BKTD = rotated_BTHD.narrow(2, heads, keyValueHeads).transpose(1, 2);
        var v_BKTD = qkv_BTHD.narrow(2, heads + keyValueHeads, keyValueHeads).transpose(1, 2);
        keep?.Invoke(k_BKTD, v_BKTD);
        var (k_BHTD, v_BHTD) = (ForEveryQuery(k_BKTD, config), ForEveryQuery(v_BKTD, config));
        var o_BHTD = nn.functional.scaled_dot_product_attention(q_BHTD, k_BHTD, v_BHTD, attn_mask: mask, is_casual: mask is null);
        return nn.functional.linear(o_BHTD.transpose(1, 2).reshape(batch, length, config.QuerySize), Output_DxQ).MoveToOuterDisposeScope();
    }

    /// <summary>Queries and keys [.., heads + key-value heads, D], each head normalised where the architecture does so.</summary>
    internal Tensor NormQueriesKeys(Tensor heads_HD, ModelConfig config)
    {
        if (QueryKeyNorm_2H is null) return heads_HD;
        var queries_HD = NormQueries(heads_HD.narrow(-2, 0, config.NumAttentionHeads), config);
        return cat([queries_HD, NormKeys(heads_HD.narrow(-2, config.NumAttentionHeads, config.NumKeyValueHeads), config)], -2);
    }

    internal Tensor NormQueries(Tensor q_HD, ModelConfig config) => Norm(q_HD, 0, config);

    internal Tensor NormKeys(Tensor k_KD, ModelConfig config) => Norm(k_KD, config.HeadDim, config);

    private Tensor Norm(Tensor heads, int first, ModelConfig config) =>
        QueryKeyNorm_2H is null ? heads : Kernels.RmsNorm(heads, QueryKeyNorm_2H.narrow(0, first, config.HeadDim), config.RmsNormEps);

    /// <summary>Repeats each key-value head for the query heads that share it.</summary>
    private static Tensor ForEveryQuery(Tensor heads_BKTD, ModelConfig config)
    {
        if (config.QueriesPerKeyValue == 1) return heads_BKTD;
        long batch = heads_BKTD.shape[0], length = heads_BKTD.shape[2];
        return heads_BKTD.unsqueeze(2)
            .expand(batch, config.NumKeyValueHeads, config.QueriesPerKeyValue, length, config.HeadDim)
            .reshape(batch, config.NumAttentionHeads, length, config.HeadDim);
    }

    private Tensor FeedForward(Tensor x_BTD)
    {
        using var scope = NewDisposeScope();
        return nn.functional.linear(Kernels.SwiGlu(nn.functional.linear(x_BTD, GateUp_2FxD)), Down_DxF).MoveToOuterDisposeScope();
    }
}
