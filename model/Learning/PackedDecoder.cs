using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// The decoder over a packed microbatch: the same function of every token as over separate rows, with each prompt computed
/// once for all its completions. Everything but attention runs on the flat list of tokens, and the last layer only on those
/// that predict; of the others it needs keys and values alone.
/// </summary>
public static class PackedDecoder
{
    /// <summary>Hidden states after the final norm, one for each predicted token, [M, D]; differentiable.</summary>
    public static Tensor PredictingStates(DecoderModel model, PackedTensors batch)
    {
        var config = model.Config;
        var x_ND = model.Embedding_VxD.index_select(0, batch.TokenIds_N);
        foreach (var layer in model.Layers.Take(config.NumHiddenLayers - 1)) x_ND = Forward(x_ND, layer, config, batch, batch.AllTokens);
        var x_UD = Forward(x_ND, model.Layers[^1], config, batch, batch.Sources);
        return Kernels.RmsNorm(x_UD, model.FinalNorm_D, config.RmsNormEps).index_select(0, batch.SourceIndex_M);
    }

    /// <summary>The layer's output for its query tokens, [U, D].</summary>
    private static Tensor Forward(Tensor x_ND, DecoderLayer layer, ModelConfig config, PackedTensors batch, QueryTokens queries)
    {
        var attended_UQ = Attend(Kernels.RmsNorm(x_ND, layer.AttentionNorm_D, config.RmsNormEps), layer, config, batch, queries);
        var x_UD = Select(x_ND, queries.Tokens_U).Plus(nn.functional.linear(attended_UQ, layer.Output_DxQ));
        return x_UD.Plus(layer.FeedForward(Kernels.RmsNorm(x_UD, layer.FeedForwardNorm_D, config.RmsNormEps), config));
    }

    private static Tensor Attend(Tensor x_ND, DecoderLayer layer, ModelConfig config, PackedTensors batch, QueryTokens queries)
    {
        var (q_UHD, k_NKD, v_NKD) = Project(x_ND, layer, config, batch.Angles, queries.Tokens_U);
        var attended_CQ = AttendPrompts(q_UHD, k_NKD, v_NKD, batch, queries);
        if (batch.Layout.Rows > 0) attended_CQ = cat([attended_CQ, AttendCompletions(q_UHD, k_NKD, v_NKD, batch, queries)], 0);
        return attended_CQ.index_select(0, queries.AttendedIndex_U);
    }

    /// <summary>Rotated queries of the query tokens; rotated keys and values of all tokens.</summary>
    private static (Tensor Q_UHD, Tensor K_NKD, Tensor V_NKD) Project(Tensor x_ND, DecoderLayer layer, ModelConfig config, RotaryAngles angles, Tensor? tokens_U)
    {
        int heads = config.NumAttentionHeads, keyValueHeads = config.NumKeyValueHeads;
        if (tokens_U is null)
        {
            var qkv_1NHD = Heads(x_ND, 0, config.QuerySize + 2 * config.KeyValueSize);
            var rotated_NHD = angles.Apply(layer.NormQueriesKeys(qkv_1NHD.narrow(2, 0, heads + keyValueHeads), config)).squeeze(0);
            return (rotated_NHD.narrow(1, 0, heads), rotated_NHD.narrow(1, heads, keyValueHeads), qkv_1NHD.squeeze(0).narrow(1, heads + keyValueHeads, keyValueHeads));
        }

        var q_1UHD = layer.NormQueries(Heads(x_ND.index_select(0, tokens_U), 0, config.QuerySize), config);
        var kv_1NHD = Heads(x_ND, config.QuerySize, 2 * config.KeyValueSize);
        var k_1NKD = layer.NormKeys(kv_1NHD.narrow(2, 0, keyValueHeads), config);
        var ofQueries = new RotaryAngles(angles.Cos.index_select(1, tokens_U), angles.Sin.index_select(1, tokens_U));
        return (ofQueries.Apply(q_1UHD).squeeze(0), angles.Apply(k_1NKD).squeeze(0), kv_1NHD.squeeze(0).narrow(1, keyValueHeads, keyValueHeads));

        Tensor Heads(Tensor x_ND, long firstRow, long rows) =>
            nn.functional.linear(x_ND, layer.QueryKeyValue_QKKxD.narrow(0, firstRow, rows), layer.QueryKeyValueBias_QKK?.narrow(0, firstRow, rows))
                .view(1, x_ND.shape[0], -1, config.HeadDim);
    }

    /// <summary>Prompt cells, [G*Q, heads*D]. Padding is on the right, where no real token looks.</summary>
    private static Tensor AttendPrompts(Tensor q_UHD, Tensor k_NKD, Tensor v_NKD, PackedTensors batch, QueryTokens queries)
    {
        return GroupedAttention.Attend(
            Cells(q_UHD, queries.PromptIndex_GQ, queries.PromptQueries), Keys(k_NKD), Keys(v_NKD), queries.PromptMask);

        Tensor Keys(Tensor heads_NKD) => Cells(heads_NKD, batch.PromptIndex_GP, batch.Layout.PromptLength);

        Tensor Cells(Tensor heads_THD, Tensor? index, long cells)
        {
            var groups = batch.Layout.Groups;
            var selected = index is null ? heads_THD.narrow(0, 0, groups * cells) : heads_THD.index_select(0, index);
            return selected.view(groups, cells, heads_THD.shape[1], heads_THD.shape[2]);
        }
    }

    /// <summary>Completion cells, [R*A, heads*D]: keys are the row's prompt and the row itself.</summary>
    private static Tensor AttendCompletions(Tensor q_UHD, Tensor k_NKD, Tensor v_NKD, PackedTensors batch, QueryTokens queries)
    {
        return GroupedAttention.Attend(
            Cells(q_UHD, queries.CompletionIndex_RA), Cells(k_NKD, batch.KeyIndex_RS), Cells(v_NKD, batch.KeyIndex_RS), batch.CompletionMask_R1AS);

        Tensor Cells(Tensor heads_THD, Tensor index) =>
            heads_THD.index_select(0, index).view(batch.Layout.Rows, -1, heads_THD.shape[1], heads_THD.shape[2]);
    }

    private static Tensor Select(Tensor x_ND, Tensor? tokens_U) => tokens_U is null ? x_ND : x_ND.index_select(0, tokens_U);
}
