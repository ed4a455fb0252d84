using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// The decoder over a packed microbatch: the same function of every token as over separate rows, with each prompt computed
/// once for all its completions. Everything but attention runs on the flat list of tokens.
/// </summary>
public static class PackedDecoder
{
    /// <summary>Hidden states after the final norm of the tokens that predict, [M, D]; differentiable.</summary>
    public static Tensor PredictingStates(DecoderModel model, PackedTensors batch)
    {
        var config = model.Config;
        var x_ND = model.Embedding_VxD.index_select(0, batch.TokenIds_N);
        foreach (var layer in model.Layers)
        {
            x_ND = x_ND + Attend(Kernels.RmsNorm(x_ND, layer.AttentionNorm_D, config.RmsNormEps), layer, config, batch);
            x_ND = x_ND + layer.FeedForward(Kernels.RmsNorm(x_ND, layer.FeedForwardNorm_D, config.RmsNormEps), config);
        }

        return Kernels.RmsNorm(x_ND.index_select(0, batch.SourceIndex_M), model.FinalNorm_D, config.RmsNormEps);
    }

    private static Tensor Attend(Tensor x_ND, DecoderLayer layer, ModelConfig config, PackedTensors batch)
    {
        int heads = config.NumAttentionHeads, keyValueHeads = config.NumKeyValueHeads, size = config.HeadDim;
        var qkv_1NHD = nn.functional.linear(x_ND, layer.QueryKeyValue_QKKxD).view(1, -1, heads + 2 * keyValueHeads, size);
        var rotated_NHD = batch.Angles.Apply(qkv_1NHD.narrow(2, 0, heads + keyValueHeads)).squeeze(0);
        var q_NHD = rotated_NHD.narrow(1, 0, heads);
        var k_NKD = rotated_NHD.narrow(1, heads, keyValueHeads);
        var v_NKD = qkv_1NHD.squeeze(0).narrow(1, heads + keyValueHeads, keyValueHeads);

        var attended_CQ = AttendPrompts(q_NHD, k_NKD, v_NKD, batch);
        if (batch.Layout.Rows > 0) attended_CQ = cat([attended_CQ, AttendCompletions(q_NHD, k_NKD, v_NKD, batch)], 0);
        return nn.functional.linear(attended_CQ.index_select(0, batch.AttendedIndex_N), layer.Output_DxQ);
    }

    /// <summary>Prompt cells, [G*P, Q]. Padding is on the right, where no real token looks.</summary>
    private static Tensor AttendPrompts(Tensor q_NHD, Tensor k_NKD, Tensor v_NKD, PackedTensors batch)
    {
        return GroupedAttention.Attend(Cells(q_NHD), Cells(k_NKD), Cells(v_NKD), batch.PromptMask_PP);

        Tensor Cells(Tensor heads_NHD)
        {
            var cells = batch.PromptIndex_GP is { } index
                ? heads_NHD.index_select(0, index)
                : heads_NHD.narrow(0, 0, batch.Layout.Groups * batch.Layout.PromptLength);
            return cells.view(batch.Layout.Groups, batch.Layout.PromptLength, heads_NHD.shape[1], heads_NHD.shape[2]);
        }
    }

    /// <summary>Completion cells, [R*A, Q]: keys are the row's prompt and the row itself.</summary>
    private static Tensor AttendCompletions(Tensor q_NHD, Tensor k_NKD, Tensor v_NKD, PackedTensors batch)
    {
        return GroupedAttention.Attend(
            Cells(q_NHD, batch.QueryIndex_RA), Cells(k_NKD, batch.KeyIndex_RS), Cells(v_NKD, batch.KeyIndex_RS), batch.CompletionMask_R1AS);

        Tensor Cells(Tensor heads_NHD, Tensor index) =>
            heads_NHD.index_select(0, index).view(batch.Layout.Rows, -1, heads_NHD.shape[1], heads_NHD.shape[2]);
    }
}
