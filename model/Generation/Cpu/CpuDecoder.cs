using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>
/// One token further for every row on a CPU, on packed weights and on the cache where the tensor library has it. A token of a
/// small model takes microseconds: less than the library takes to be called, pack weights and allocate results. Each row's
/// logits are the same, to the last bit, whatever other rows there are.
/// </summary>
internal sealed unsafe class CpuDecoder : IDecoder
{
    /// <summary>So many rows pay for reading the weights. More are no faster, and slower once what they cached is far from the core.</summary>
    private const int EnoughRows = 64;

    private const long NearBytes = 4 << 20;

    private readonly ModelConfig _config;
    private readonly LayerWeights[] _layers;
    private readonly Panels _head;
    private readonly ThreadTeam _team;
    private readonly Tensor _logits_RV;
    private readonly Tensor[] _memory;
    private readonly float* _embedding, _finalNorm, _keys, _values, _cos_TD, _sin_TD, _logits;
    private readonly float* _x_RD, _normed_MRD, _qkv_RH, _attended_RQ, _gateUp_R2F, _hidden_RF, _queries_MGD, _scores_MGS, _sums_MG4D;
    private readonly int _rows, _slots, _group;
    private readonly int[] _taken;
    private DecodeRow[] _decoded = [];
    private List<PromptRows> _prompts = [];

    /// <param name="model">Its weights stay alive and where they are.</param>
    /// <param name="cache">Whose rows are decoded.</param>
    public CpuDecoder(DecoderModel model, KeyValueCache cache, int threads)
    {
        using var scope = NewDisposeScope();
        _config = model.Config;
        (_rows, _slots) = ((int)cache.Keys_LRKSD.shape[1], (int)cache.Keys_LRKSD.shape[3]);
        _group = _config.QueriesPerKeyValue;
        _taken = new int[_config.NumHiddenLayers];
        var packed = PackedWeights.Of(model);
        _layers = [.. model.Layers.Zip(packed.Layers, (layer, matrices) => new LayerWeights(layer, matrices))];
        _embedding = TensorMemory.Of(model.Embedding_VxD);
        _head = packed.Head.Panels;
        _finalNorm = TensorMemory.Of(model.FinalNorm_D);
        _keys = TensorMemory.Of(cache.Keys_LRKSD);
        _values = TensorMemory.Of(cache.Values_LRKSD);
        var angles = model.Rotary.Range(0, _slots);
        var (cos, sin) = (angles.Cos.contiguous(), angles.Sin.contiguous());
        _logits_RV = empty(_rows, _config.VocabSize);
        int d = _config.HiddenSize, f = _config.IntermediateSize;
        Tensor x = empty(_rows, d), normed = zeros(threads, WholeRows, d), qkv = empty(_rows, QkvSize), attended = zeros(WholeRows, _config.QuerySize);
        Tensor gateUp = empty(_rows, 2 * f), hidden = zeros(WholeRows, f);
        Tensor queries = empty(threads, Queries, _config.HeadDim), scores = empty(threads, Queries, Attention.RoundedUp(_slots)), sums = empty(threads, Queries, 4 * _config.HeadDim);
        _cos_TD = TensorMemory.Of(cos);
        _sin_TD = TensorMemory.Of(sin);
        _logits = TensorMemory.Of(_logits_RV);
        _x_RD = TensorMemory.Of(x);
        _normed_MRD = TensorMemory.Of(normed);
        _qkv_RH = TensorMemory.Of(qkv);
        _attended_RQ = TensorMemory.Of(attended);
        _gateUp_R2F = TensorMemory.Of(gateUp);
        _hidden_RF = TensorMemory.Of(hidden);
        _queries_MGD = TensorMemory.Of(queries);
        _scores_MGS = TensorMemory.Of(scores);
        _sums_MG4D = TensorMemory.Of(sums);
        _memory = [cos, sin, _logits_RV, x, normed, qkv, attended, gateUp, hidden, queries, scores, sums];
        foreach (var tensor in _memory) tensor.DetachFromDisposeScope();
        _team = new ThreadTeam(threads);
    }

    /// <summary>Of one key-value head, that are attended for at once.</summary>
    private int Queries => PromptRows.Most * _group;

    /// <summary>What products read is there for whole steps of rows.</summary>
    private int WholeRows => (_rows + PanelProducts.RowsAtOnce - 1) / PanelProducts.RowsAtOnce * PanelProducts.RowsAtOnce;

    private int QkvSize => _config.QuerySize + 2 * _config.KeyValueSize;

    /// <summary>Whether this processor, and sizes and precision of this model, are those that the kernels are written for, and memory holds the weights twice.</summary>
    public static bool Supports(DecoderModel model) => Supports(model, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    internal static bool Supports(DecoderModel model, long memoryBytes) =>
        Tiles.IsSupported && 2 * sizeof(float) * model.Parameters.Sum(parameter => parameter.numel()) <= memoryBytes &&
        model.Parameters.All(parameter => parameter.dtype == ScalarType.Float32 && parameter.device_type == TorchSharp.DeviceType.CPU && parameter.is_contiguous()) &&
        new[] { model.Config.HiddenSize, model.Config.IntermediateSize, model.Config.HeadDim }.All(size => size % Tiles.Lanes == 0);

    /// <summary>Rows to decode at once where as many wait.</summary>
    public static long MostRows(long bytesPerRow) => Math.Max(EnoughRows, NearBytes / bytesPerRow);

    /// <inheritdoc/>
    public Tensor Decode(DecodeRow[] rows)
    {
        // From step to step they are mostly the same.
        if (!PromptRows.AreOf(rows, _decoded)) (_decoded, _prompts) = (rows, PromptRows.Of(rows));
        var prompts = _prompts;
        Array.Clear(_taken);
        _team.Run(member =>
        {
            var (first, end) = _team.Part(member, rows.Length, 1);
            for (var row = first; row < end; row++) Copy(_embedding + (nint)rows[row].Token * _config.HiddenSize, X(row), _config.HiddenSize);
            _team.Meet();
            for (var layer = 0; layer < _layers.Length; layer++) Layer(member, layer, rows, prompts);
            Normed(member, rows.Length, _finalNorm);
            PanelProducts.Multiply(new Rows(NormedOf(member), _config.HiddenSize), rows.Length, _head,
                _team.Part(member, _config.VocabSize, Panels.Columns), _config.HiddenSize, new Rows(_logits, _config.VocabSize));
        });
        return _logits_RV.narrow(0, 0, rows.Length);
    }

    public void Dispose()
    {
        _team.Dispose();
        foreach (var tensor in _memory) tensor.Dispose();
    }

    /// <summary>A stage ends where a member needs what others have computed.</summary>
    private void Layer(int member, int layer, DecodeRow[] all, List<PromptRows> prompts)
    {
        var (weights, rows) = (_layers[layer], all.Length);
        int d = _config.HiddenSize, f = _config.IntermediateSize;
        var (x, normed) = (new Rows(_x_RD, d), new Rows(NormedOf(member), d));
        Normed(member, rows, weights.AttentionNorm);
        PanelProducts.Multiply(normed, rows, weights.QueryKeyValue, _team.Part(member, QkvSize, Panels.Columns), d, new Rows(_qkv_RH, QkvSize));
        _team.Meet();
        // Prompts and lengths differ: whoever has time takes the next.
        for (int unit; (unit = Interlocked.Increment(ref _taken[layer]) - 1) < prompts.Count * _config.NumKeyValueHeads;)
            Attend(member, layer, prompts[unit / _config.NumKeyValueHeads], unit % _config.NumKeyValueHeads, all);
        _team.Meet();
        PanelProducts.Multiply(new Rows(_attended_RQ, _config.QuerySize), rows, weights.Output, _team.Part(member, d, Panels.Columns), _config.QuerySize, x, add: true);
        _team.Meet();
        Normed(member, rows, weights.FeedForwardNorm);
        FeedForward(normed, rows, weights, _team.Part(member, f, Panels.Columns));
        _team.Meet();
        PanelProducts.Multiply(new Rows(_hidden_RF, f), rows, weights.Down, _team.Part(member, d, Panels.Columns), f, x, add: true);
        _team.Meet();
    }

    /// <summary>Every member has all rows in memory of its own: computing them again costs less than waiting for others.</summary>
    private void Normed(int member, int rows, float* weight)
    {
        for (var row = 0; row < rows; row++) RowOperations.RmsNorm(X(row), weight, _config.HiddenSize, _config.RmsNormEps, NormedOf(member) + (nint)row * _config.HiddenSize);
    }

    private void FeedForward(Rows normed, int rows, LayerWeights weights, (int First, int End) part)
    {
        int d = _config.HiddenSize, f = _config.IntermediateSize;
        var gateUp = new Rows(_gateUp_R2F, 2 * f);
        var (first, end) = part;
        PanelProducts.Multiply(normed, rows, weights.GateUp, part, d, gateUp);
        PanelProducts.Multiply(normed, rows, weights.GateUp, (f + first, f + end), d, gateUp);
        for (var row = 0; row < rows; row++) RowOperations.SwiGlu(gateUp[row] + first, gateUp[row] + f + first, end - first, _hidden_RF + (nint)row * f + first);
    }

    /// <summary>What all rows share is read once, from the first of them.</summary>
    private void Attend(int member, int layer, PromptRows prompt, int head, DecodeRow[] all)
    {
        var (rows, shared) = prompt;
        var attention = AttentionOf(member);
        for (var i = 0; i < rows.Length; i++) Place(layer, rows[i], head, all[rows[i]].Length, attention.Query(i * _group));
        attention.Score(0, rows.Length * _group, At(_keys, layer, rows[0], head), (0, shared));
        var totals = stackalloc float[rows.Length * _group];
        for (var i = 0; i < rows.Length; i++)
        {
            var length = all[rows[i]].Length + 1;
            attention.Score(i * _group, _group, At(_keys, layer, rows[i], head), (shared, Math.Min(_slots, Attention.RoundedUp(length))));
            for (var query = i * _group; query < (i + 1) * _group; query++) totals[query] = attention.Softmax(query, length);
        }

        attention.Mix(0, rows.Length * _group, At(_values, layer, rows[0], head), (0, shared));
        for (var i = 0; i < rows.Length; i++)
        {
            attention.Mix(i * _group, _group, At(_values, layer, rows[i], head), (shared, all[rows[i]].Length + 1));
            var output = _attended_RQ + (nint)rows[i] * _config.QuerySize + head * _group * _config.HeadDim;
            for (var query = 0; query < _group; query++) attention.Finish(i * _group + query, totals[i * _group + query], output + query * _config.HeadDim);
        }
    }

    /// <summary>Finishes a row's new queries, key and value of one key-value head and puts them where attention wants them.</summary>
    private void Place(int layer, int row, int head, int slot, float* queries)
    {
        var (weights, size) = (_layers[layer], _config.HeadDim);
        var qkv = _qkv_RH + (nint)row * QkvSize;
        float* q = qkv + head * _group * size, k = qkv + _config.QuerySize + head * size, v = k + _config.KeyValueSize;
        Prepare(q, _group, weights.QueryKeyValueBias is null ? null : weights.QueryKeyValueBias + (q - qkv), weights.QueryKeyNorm, slot);
        Prepare(k, 1, weights.QueryKeyValueBias is null ? null : weights.QueryKeyValueBias + (k - qkv), weights.QueryKeyNorm is null ? null : weights.QueryKeyNorm + size, slot);
        if (weights.QueryKeyValueBias is not null) RowOperations.Add(v, weights.QueryKeyValueBias + (v - qkv), size);
        Copy(q, queries, _group * size);
        Copy(k, At(_keys, layer, row, head) + (nint)slot * size, size);
        Copy(v, At(_values, layer, row, head) + (nint)slot * size, size);
    }

    /// <summary>Bias, norm and rotation of heads that lie one after another.</summary>
    private void Prepare(float* heads, int count, float* bias, float* norm, int position)
    {
        var size = _config.HeadDim;
        if (bias is not null) RowOperations.Add(heads, bias, count * size);
        for (var head = heads; head < heads + count * size; head += size)
        {
            if (norm is not null) RowOperations.RmsNorm(head, norm, size, _config.RmsNormEps, head);
            RowOperations.Rotate(head, size, _cos_TD + (nint)position * size, _sin_TD + (nint)position * size);
        }
    }

    private Attention AttentionOf(int member)
    {
        int size = _config.HeadDim, scores = Attention.RoundedUp(_slots);
        var first = (nint)member * Queries;
        return new Attention(size, new Rows(_queries_MGD + first * size, size), new Rows(_scores_MGS + first * scores, scores), new Rows(_sums_MG4D + first * 4 * size, 4 * size));
    }

    private float* X(int row) => _x_RD + (nint)row * _config.HiddenSize;

    private float* NormedOf(int member) => _normed_MRD + (nint)member * WholeRows * _config.HiddenSize;

    private float* At(float* cache_LRKSD, int layer, int row, int head) =>
        cache_LRKSD + (((long)layer * _rows + row) * _config.NumKeyValueHeads + head) * _slots * _config.HeadDim;

    private static void Copy(float* from, float* to, int count) => new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));

    /// <summary>Where a layer's weights are; null where the architecture has none.</summary>
    private sealed class LayerWeights(DecoderLayer layer, PackedWeights.Layer packed)
    {
        public float* AttentionNorm { get; } = TensorMemory.Of(layer.AttentionNorm_D);
        public Panels QueryKeyValue { get; } = packed.QueryKeyValue.Panels;
        public float* QueryKeyValueBias { get; } = layer.QueryKeyValueBias_QKK is { } bias ? TensorMemory.Of(bias) : null;
        public float* QueryKeyNorm { get; } = layer.QueryKeyNorm_2H is { } norm ? TensorMemory.Of(norm) : null;
        public Panels Output { get; } = packed.Output.Panels;
        public float* FeedForwardNorm { get; } = TensorMemory.Of(layer.FeedForwardNorm_D);
        public Panels GateUp { get; } = packed.GateUp.Panels;
        public Panels Down { get; } = packed.Down.Panels;
    }
}
