using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// The decoder over a packed microbatch: the same function of every token as over separate rows, with each prompt computed
/// once for all its completions. Everything but attention runs on the flat list of tokens, and the last layer only on those
/// that predict; of the others it needs keys and values alone. Each part has a dispose scope of its own: what only the way
/// forward needs is freed at once, and what the way back needs belongs to the graph, which frees it as it goes.
/// </summary>
internal static class PackedDecoder
{
    /// <summary>Hidden states after the final norm, one for each predicted token, [M, D]; differentiable.</summary>
    public static Tensor PredictingStates(LearningReplica replica, PackedTensors batch)
    {
        using var scope = NewDisposeScope();
        var x_ND = Embed(replica, batch);
        for (var layer = 0; layer < replica.Model.Layers.Count; layer++)
        {
            using var before_ND = x_ND;
            x_ND = Layer(replica, layer, before_ND, batch);
        }

        return Predicting(replica, x_ND, batch).MoveToOuterDisposeScope();
    }

    /// <summary>What goes into the first layer, [N, D].</summary>
    public static Tensor Embed(LearningReplica replica, PackedTensors batch) => replica.Model.Embedding_VxD.index_select(0, batch.TokenIds_N);

    /// <summary>A layer's output, [N, D]; of the last layer [U, D].</summary>
    public static Tensor Layer(LearningReplica replica, int layer, Tensor x_ND, PackedTensors batch)
    {
        using var scope = NewDisposeScope();
        var (config, weights) = (replica.Model.Config, replica.Model.Layers[layer]);
        var queries = layer == config.NumHiddenLayers - 1 ? batch.Sources : batch.AllTokens;
        var attended_UQ = Attend(Kernels.RmsNorm(x_ND, weights.AttentionNorm_D, config.RmsNormEps), replica, layer, batch, queries);
        var x_UD = Select(x_ND, queries.Tokens_U).Plus(replica.Project(attended_UQ, layer, ParameterLayout.Output, 0, config.HiddenSize));
        return x_UD.Plus(FeedForward(Kernels.RmsNorm(x_UD, weights.FeedForwardNorm_D, config.RmsNormEps), replica, layer)).MoveToOuterDisposeScope();
    }

    /// <summary>Of the last layer's output what predicts, after the final norm, [M, D].</summary>
    public static Tensor Predicting(LearningReplica replica, Tensor x_UD, PackedTensors batch) =>
        Kernels.RmsNorm(x_UD, replica.Model.FinalNorm_D, replica.Model.Config.RmsNormEps).index_select(0, batch.SourceIndex_M);

    private static Tensor FeedForward(Tensor x_UD, LearningReplica replica, int layer)
    {
        using var scope = NewDisposeScope();
        var config = replica.Model.Config;
        var hidden_UF = Kernels.SwiGlu(replica.Project(x_UD, layer, ParameterLayout.GateUp, 0, 2L * config.IntermediateSize));
        return replica.Project(hidden_UF, layer, ParameterLayout.Down, 0, config.HiddenSize).MoveToOuterDisposeScope();
    }

    private static Tensor Attend(Tensor x_ND, LearningReplica replica, int layer, PackedTensors batch, QueryTokens queries)
    {
        using var scope = NewDisposeScope();
        var (q_UHD, k_NKD, v_NKD) = Project(x_ND, replica, layer, batch.Angles, queries.Tokens_U);
        var completions = batch.Bundles.Zip(queries.CompletionIndices_RA, (bundle, index_RA) => AttendCompletions(q_UHD, k_NKD, v_NKD, bundle, index_RA));
        return cat([AttendPrompts(q_UHD, k_NKD, v_NKD, batch, queries), .. completions], 0).index_select(0, queries.AttendedIndex_U).MoveToOuterDisposeScope();
    }

    /// <summary>Rotated queries of the query tokens; rotated keys and values of all tokens.</summary>
    private static (Tensor Q_UHD, Tensor K_NKD, Tensor V_NKD) Project(Tensor x_ND, LearningReplica replica, int layer, RotaryAngles angles, Tensor? tokens_U)
    {
        var (config, weights) = (replica.Model.Config, replica.Model.Layers[layer]);
        int heads = config.NumAttentionHeads, keyValueHeads = config.NumKeyValueHeads;
        if (tokens_U is null)
        {
            var qkv = Heads(x_ND, 0, config.QuerySize + 2 * config.KeyValueSize).split([heads + keyValueHeads, keyValueHeads], 2);
            var rotated = angles.Apply(weights.NormQueriesKeys(qkv[0], config)).squeeze(0).split([heads, keyValueHeads], 1);
            return (rotated[0], rotated[1], qkv[1].squeeze(0));
        }

        var q_1UHD = weights.NormQueries(Heads(x_ND.index_select(0, tokens_U), 0, config.QuerySize), config);
        var kv = Heads(x_ND, config.QuerySize, 2 * config.KeyValueSize).split(keyValueHeads, 2);
        var k_1NKD = weights.NormKeys(kv[0], config);
        var ofQueries = new RotaryAngles(angles.Cos.index_select(1, tokens_U), angles.Sin.index_select(1, tokens_U));
        return (ofQueries.Apply(q_1UHD).squeeze(0), angles.Apply(k_1NKD).squeeze(0), kv[1].squeeze(0));

        Tensor Heads(Tensor x_ND, long firstRow, long rows) =>
            replica.Project(x_ND, layer, ParameterLayout.QueryKeyValue, firstRow, rows, weights.QueryKeyValueBias_QKK?.narrow(0, firstRow, rows))
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

    /// <summary>Completion cells of a bundle, [R*A, heads*D]: keys are the row's prompt and the row itself.</summary>
    private static Tensor AttendCompletions(Tensor q_UHD, Tensor k_NKD, Tensor v_NKD, BundleTensors bundle, Tensor queryIndex_RA)
    {
        long cells = bundle.Mask_R1AS.shape[2], keys = bundle.Mask_R1AS.shape[3];
        return GroupedAttention.Attend(
            Cells(q_UHD, queryIndex_RA, cells), Cells(k_NKD, bundle.KeyIndex_RS, keys), Cells(v_NKD, bundle.KeyIndex_RS, keys), bundle.Mask_R1AS);

        static Tensor Cells(Tensor heads_NHD, Tensor index, long length) =>
            heads_NHD.index_select(0, index).view(-1, length, heads_NHD.shape[1], heads_NHD.shape[2]);
    }

    private static Tensor Select(Tensor x_ND, Tensor? tokens_U) => tokens_U is null ? x_ND : x_ND.index_select(0, tokens_U);
}
