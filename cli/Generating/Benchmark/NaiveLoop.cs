using KnapsackCloud.Model.Transformer;
using TorchSharp;
using static TorchSharp.torch;

namespace KnapsackCloud.Cli.Generating.Benchmark;

/// <summary>
/// The peer: generation as it is first written with a tensor library. Keys and values are cached, one padded
/// batch runs until its longest row ends, every row computes its own prompt, and operations use all cores.
/// </summary>
/// <param name="preallocated">The cache is allocated at its full length at once, instead of growing by concatenation.</param>
internal sealed class NaiveLoop(DecoderModel model, bool preallocated)
{
    // Numbers that meet tensors live as long as the program: the library holds none during a call.
    private static readonly Scalar One = 1.ToScalar();

    /// <summary>Generates <paramref name="steps"/> tokens for every row at temperature 1.</summary>
    /// <param name="prompts">Of one length.</param>
    /// <returns>The new tokens, [row][step].</returns>
    public long[][] Run(IReadOnlyList<int[]> prompts, int steps, CancellationToken cancellation)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        int rows = prompts.Count, length = prompts[0].Length;
        var caches = Enumerable.Range(0, model.Layers.Count).Select(_ => new Cache(model.Config, rows, preallocated ? length + steps : 0, model.Embedding_VxD.dtype)).ToArray();
        var results = prompts.Select(_ => new long[steps]).ToArray();
        var tokens_BT = tensor(prompts.SelectMany(prompt => prompt.Select(id => (long)id)).ToArray(), rows, length);
        for (int step = 0, position = 0; step < steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            var next_B1 = Step(tokens_BT, position, caches);
            position += step == 0 ? length : 1;
            tokens_BT.Dispose();
            tokens_BT = next_B1;
            using var there = next_B1.cpu();
            var values = there.data<long>();
            for (var row = 0; row < rows; row++) results[row][step] = values[row];
        }

        foreach (var cache in caches) cache.Dispose();
        return results;
    }

    private Tensor Step(Tensor tokens_BT, int position, Cache[] caches)
    {
        using var scope = NewDisposeScope();
        var config = model.Config;
        var rotary = model.Rotary.Range(position, tokens_BT.shape[1]);
        var x_BTD = model.Embedding_VxD.index_select(0, tokens_BT.reshape(-1)).view(tokens_BT.shape[0], tokens_BT.shape[1], config.HiddenSize);
        foreach (var (layer, cache) in model.Layers.Zip(caches))
        {
            x_BTD = x_BTD.add(Attend(layer, Kernels.RmsNorm(x_BTD, layer.AttentionNorm_D, config.RmsNormEps), rotary, cache), One);
            x_BTD = x_BTD.add(FeedForward(layer, Kernels.RmsNorm(x_BTD, layer.FeedForwardNorm_D, config.RmsNormEps)), One);
        }

        var last_BD = Kernels.RmsNorm(x_BTD.select(1, -1), model.FinalNorm_D, config.RmsNormEps);
        var chances_BV = nn.functional.softmax(nn.functional.linear(last_BD, model.Head_VxD).to(ScalarType.Float32), -1);
        return multinomial(chances_BV, 1).MoveToOuterDisposeScope();
    }

    private Tensor Attend(DecoderLayer layer, Tensor x_BTD, RotaryAngles rotary, Cache cache)
    {
        var config = model.Config;
        long rows = x_BTD.shape[0], length = x_BTD.shape[1];
        int heads = config.NumAttentionHeads, keyValueHeads = config.NumKeyValueHeads;
        var qkv_BTHD = nn.functional.linear(x_BTD, layer.QueryKeyValue_QKKxD).view(rows, length, heads + 2 * keyValueHeads, config.HeadDim);
        var q_BHTD = Rotated(qkv_BTHD.narrow(2, 0, heads), rotary).transpose(1, 2);
        var k_BKTD = Rotated(qkv_BTHD.narrow(2, heads, keyValueHeads), rotary).transpose(1, 2);
        var v_BKTD = qkv_BTHD.narrow(2, heads + keyValueHeads, keyValueHeads).transpose(1, 2);
        var (keys_BKSD, values_BKSD) = cache.Append(k_BKTD, v_BKTD);
        var o_BHTD = nn.functional.scaled_dot_product_attention(q_BHTD, ForEveryQuery(keys_BKSD), ForEveryQuery(values_BKSD), is_casual: length > 1);
        return nn.functional.linear(o_BHTD.transpose(1, 2).reshape(rows, length, config.QuerySize), layer.Output_DxQ);
    }

    private Tensor FeedForward(DecoderLayer layer, Tensor x_BTD)
    {
        var gateUp_BT2F = nn.functional.linear(x_BTD, layer.GateUp_2FxD);
        var size = model.Config.IntermediateSize;
        return nn.functional.linear(nn.functional.silu(gateUp_BT2F.narrow(-1, 0, size)) * gateUp_BT2F.narrow(-1, size, size), layer.Down_DxF);
    }

    private static Tensor Rotated(Tensor heads_BTHD, RotaryAngles rotary) =>
        (heads_BTHD * rotary.Cos).add(heads_BTHD.roll(heads_BTHD.shape[^1] / 2, -1) * rotary.Sin, One);

    private Tensor ForEveryQuery(Tensor heads_BKSD)
    {
        var shared = model.Config.QueriesPerKeyValue;
        var (rows, heads, length, size) = (heads_BKSD.shape[0], heads_BKSD.shape[1], heads_BKSD.shape[2], heads_BKSD.shape[3]);
        return shared == 1 ? heads_BKSD : heads_BKSD.unsqueeze(2).expand(rows, heads, shared, length, size).reshape(rows, heads * shared, length, size);
    }

    /// <summary>Keys and values of one layer.</summary>
    private sealed class Cache(ModelConfig config, long rows, int capacity, ScalarType type) : IDisposable
    {
        private Tensor _keys_BKSD = zeros([rows, config.NumKeyValueHeads, capacity, config.HeadDim], dtype: type);
        private Tensor _values_BKSD = zeros([rows, config.NumKeyValueHeads, capacity, config.HeadDim], dtype: type);
        private long _length;

        public (Tensor Keys, Tensor Values) Append(Tensor keys_BKTD, Tensor values_BKTD)
        {
            (_keys_BKSD, _values_BKSD) = (Grown(_keys_BKSD, keys_BKTD), Grown(_values_BKSD, values_BKTD));
            _length += keys_BKTD.shape[2];
            return (_keys_BKSD.narrow(2, 0, _length), _values_BKSD.narrow(2, 0, _length));
        }

        private Tensor Grown(Tensor cache, Tensor more)
        {
            if (capacity > 0)
            {
                cache.narrow(2, _length, more.shape[2]).copy_(more);
                return cache;
            }

            var grown = cat([cache, more], 2).DetachFromDisposeScope();
            cache.Dispose();
            return grown;
        }

        public void Dispose()
        {
            _keys_BKSD.Dispose();
            _values_BKSD.Dispose();
        }
    }
}
