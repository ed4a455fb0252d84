using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>
/// All layers for some tokens, on packed weights and on the cache where the tensor library has it. Each token's logits, keys and
/// values are the same, to the last bit, whatever other tokens there are.
/// </summary>
/// <typeparam name="T">Of weights and of cached numbers, as <see cref="Stored"/> reads them; all else is float.</typeparam>
internal sealed unsafe class ForwardPass<T> : IDisposable where T : unmanaged
{
    private readonly ModelConfig _config;
    private readonly LayerWeights<T>[] _layers;
    private readonly Panels<T> _head;
    private readonly ThreadTeam _team;
    private readonly KeptMemory _memory = new();
    private readonly T* _embedding, _keys, _values;
    private readonly float* _finalNorm, _cos_TD, _sin_TD;
    private readonly float* _x_ND, _normed_MND, _qkv_NH, _attended_NQ, _gateUp_N2F, _hidden_NF, _queries_MGD, _scores_MGS, _sums_MG4D, _near_MW;
    private readonly int _cacheRows, _slots, _group, _most, _nearSize;
    private readonly int[] _taken;

    /// <param name="model">Its weights stay alive and where they are.</param>
    /// <param name="cache">Of the weights' precision.</param>
    /// <param name="most">Tokens at once.</param>
    public ForwardPass(DecoderModel model, KeyValueCache cache, int threads, int most)
    {
        using var scope = NewDisposeScope();
        _config = model.Config;
        (_cacheRows, _slots, _most) = ((int)cache.Keys_LRKSD.shape[1], (int)cache.Keys_LRKSD.shape[3], most);
        _group = _config.QueriesPerKeyValue;
        _taken = new int[_config.NumHiddenLayers];
        var packed = PackedWeights.Of(model);
        _layers = [.. model.Layers.Zip(packed.Layers, (layer, matrices) => new LayerWeights<T>(layer, matrices, _memory))];
        _embedding = TensorMemory.Of<T>(model.Embedding_VxD);
        _head = packed.Head.Of<T>();
        _finalNorm = _memory.Floats(model.FinalNorm_D);
        _keys = TensorMemory.Of<T>(cache.Keys_LRKSD);
        _values = TensorMemory.Of<T>(cache.Values_LRKSD);
        var angles = packed.Rotary.Range(0, _slots);
        _cos_TD = _memory.Floats(angles.Cos);
        _sin_TD = _memory.Floats(angles.Sin);
        int d = _config.HiddenSize, f = _config.IntermediateSize;
        _nearSize = PanelProducts.NearSize<T>(Math.Max(Math.Max(d, f), _config.QuerySize));
        _x_ND = _memory.Empty(most, d);
        _normed_MND = _memory.Zeros(threads, WholeRows, d);
        _qkv_NH = _memory.Empty(most, QkvSize);
        _attended_NQ = _memory.Zeros(WholeRows, _config.QuerySize);
        _gateUp_N2F = _memory.Empty(most, 2 * f);
        _hidden_NF = _memory.Zeros(WholeRows, f);
        _queries_MGD = _memory.Empty(threads, Queries, _config.HeadDim);
        _scores_MGS = _memory.Empty(threads, Queries, Attention.RoundedUp(_slots));
        _sums_MG4D = _memory.Empty(threads, Queries, 4 * _config.HeadDim);
        _near_MW = _memory.Empty(threads, Math.Max(1, _nearSize));
        _team = new ThreadTeam(threads);
    }

    /// <summary>Of one key-value head, that are attended for at once.</summary>
    private int Queries => AttentionGroup.Most * _group;

    /// <summary>What products read is there for whole steps of rows.</summary>
    private int WholeRows => (_most + PanelProducts.RowsAtOnce - 1) / PanelProducts.RowsAtOnce * PanelProducts.RowsAtOnce;

    private int QkvSize => _config.QuerySize + 2 * _config.KeyValueSize;

    /// <summary>Computes the tokens of a pass, caches their keys and values, and writes the logits of those that predict.</summary>
    /// <param name="logits">One row of [V] for each token that predicts.</param>
    public void Run(PassTokens pass, float* logits)
    {
        Array.Clear(_taken);
        _team.Run(member =>
        {
            var (first, end) = _team.Part(member, pass.Tokens.Length, 1);
            for (var row = first; row < end; row++) Stored.Read(_embedding + (nint)pass.Tokens[row].Token * _config.HiddenSize, X(row), _config.HiddenSize);
            _team.Meet();
            for (var layer = 0; layer < _layers.Length; layer++) Layer(member, layer, pass);
            var predicting = (pass.Predicting?.Tokens ?? pass).Tokens.Length;
            Normed(member, predicting, _finalNorm);
            PanelProducts.Multiply(new Rows<float>(NormedOf(member), _config.HiddenSize), predicting, _head,
                _team.Part(member, _config.VocabSize, Panels.Columns), _config.HiddenSize, new Rows<float>(logits, _config.VocabSize), NearOf(member));
        });
    }

    /// <summary>Calls other work with every number below the count, on the threads of the pass.</summary>
    public void Divide(int count, Action<int> work) => _team.Run(member =>
    {
        for (var number = member; number < count; number += _team.Size) work(number);
    });

    public void Dispose()
    {
        _team.Dispose();
        _memory.Dispose();
    }

    /// <summary>A stage ends where a member needs what others have computed.</summary>
    private void Layer(int member, int layer, PassTokens pass)
    {
        var weights = _layers[layer];
        int d = _config.HiddenSize, f = _config.IntermediateSize;
        var (x, normed) = (new Rows<float>(_x_ND, d), new Rows<float>(NormedOf(member), d));
        Normed(member, pass.Tokens.Length, weights.AttentionNorm);
        PanelProducts.Multiply(normed, pass.Tokens.Length, weights.QueryKeyValue, _team.Part(member, QkvSize, Panels.Columns), d, new Rows<float>(_qkv_NH, QkvSize), NearOf(member));
        _team.Meet();
        if (pass.LookAtEachOther) PlaceAll(member, layer, pass.Tokens);
        if (layer == _layers.Length - 1 && pass.Predicting is { } predicting)
        {
            if (member == 0) Gather(predicting.Places);
            _team.Meet();
            pass = predicting.Tokens;
        }

        var rows = pass.Tokens.Length;
        AttendAll(member, layer, pass);
        _team.Meet();
        PanelProducts.Multiply(new Rows<float>(_attended_NQ, _config.QuerySize), rows, weights.Output, _team.Part(member, d, Panels.Columns), _config.QuerySize, x, NearOf(member), add: true);
        _team.Meet();
        Normed(member, rows, weights.FeedForwardNorm);
        FeedForward(member, rows, weights);
        _team.Meet();
        PanelProducts.Multiply(new Rows<float>(_hidden_NF, f), rows, weights.Down, _team.Part(member, d, Panels.Columns), f, x, NearOf(member), add: true);
        _team.Meet();
    }

    /// <summary>Every member has all rows in memory of its own: computing them again costs less than waiting for others.</summary>
    private void Normed(int member, int rows, float* weight)
    {
        for (var row = 0; row < rows; row++) RowOperations.RmsNorm(X(row), weight, _config.HiddenSize, _config.RmsNormEps, NormedOf(member) + (nint)row * _config.HiddenSize);
    }

    /// <summary>Puts what some tokens' way through the rest of a layer begins with to the first places.</summary>
    private void Gather(int[] places)
    {
        foreach (var (to, from) in places.Index())
        {
            RowOperations.Copy(X(from), X(to), _config.HiddenSize);
            RowOperations.Copy(Query(from, 0), Query(to, 0), _config.QuerySize);
        }
    }

    private void FeedForward(int member, int rows, LayerWeights<T> weights)
    {
        int d = _config.HiddenSize, f = _config.IntermediateSize;
        var (normed, gateUp) = (new Rows<float>(NormedOf(member), d), new Rows<float>(_gateUp_N2F, 2 * f));
        var (first, end) = _team.Part(member, f, Panels.Columns);
        PanelProducts.Multiply(normed, rows, weights.GateUp, (first, end), d, gateUp, NearOf(member));
        PanelProducts.Multiply(normed, rows, weights.GateUp, (f + first, f + end), d, gateUp, NearOf(member));
        for (var row = 0; row < rows; row++) RowOperations.SwiGlu(gateUp[row] + first, gateUp[row] + f + first, end - first, _hidden_NF + (nint)row * f + first);
    }

    private void PlaceAll(int member, int layer, TokenRow[] tokens)
    {
        var (first, end) = _team.Part(member, tokens.Length, 1);
        for (var row = first; row < end; row++)
            for (var head = 0; head < _config.NumKeyValueHeads; head++) Place(layer, row, head, tokens[row]);
        _team.Meet();
    }

    private void AttendAll(int member, int layer, PassTokens pass)
    {
        var heads = _config.NumKeyValueHeads;
        // Prompts and lengths differ: whoever has time takes the next.
        for (int unit; (unit = Interlocked.Increment(ref _taken[layer]) - 1) < pass.Groups.Count * heads;)
        {
            var (group, head) = (pass.Groups[unit / heads], unit % heads);
            for (var i = 0; i < group.Tokens.Length && !pass.LookAtEachOther; i++) Place(layer, group.Tokens[i], head, pass.Tokens[group.Tokens[i]]);
            Attend(member, layer, group, head, pass.Tokens);
        }
    }

    /// <summary>What all tokens share is read once.</summary>
    private void Attend(int member, int layer, AttentionGroup group, int head, TokenRow[] all)
    {
        var (tokens, shared) = group;
        var attention = AttentionOf(member);
        var totals = stackalloc float[tokens.Length * _group];
        for (var i = 0; i < tokens.Length; i++) RowOperations.Copy(Query(tokens[i], head), attention.Query(i * _group), _group * _config.HeadDim);
        attention.Score(0, tokens.Length * _group, At(_keys, layer, all[tokens[0]].CacheRow, head), (0, shared));
        for (var i = 0; i < tokens.Length; i++)
        {
            var length = all[tokens[i]].Slot + 1;
            attention.Score(i * _group, _group, At(_keys, layer, all[tokens[i]].CacheRow, head), (shared, Math.Min(_slots, Attention.RoundedUp(length))));
            for (var query = i * _group; query < (i + 1) * _group; query++) totals[query] = attention.Softmax(query, length, Math.Max(length, shared));
        }

        attention.Mix(0, tokens.Length * _group, At(_values, layer, all[tokens[0]].CacheRow, head), (0, shared));
        for (var i = 0; i < tokens.Length; i++)
        {
            var (_, cacheRow, slot) = all[tokens[i]];
            attention.Mix(i * _group, _group, At(_values, layer, cacheRow, head), (shared, slot + 1));
            var output = _attended_NQ + (nint)tokens[i] * _config.QuerySize + head * _group * _config.HeadDim;
            for (var query = 0; query < _group; query++) attention.Finish(i * _group + query, totals[i * _group + query], output + query * _config.HeadDim);
        }
    }

    /// <summary>Finishes a token's queries, key and value of one key-value head and caches the latter two.</summary>
    private void Place(int layer, int row, int head, TokenRow token)
    {
        var (weights, size) = (_layers[layer], _config.HeadDim);
        var qkv = _qkv_NH + (nint)row * QkvSize;
        float* q = Query(row, head), k = qkv + _config.QuerySize + head * size, v = k + _config.KeyValueSize;
        Prepare(q, _group, weights.QueryKeyValueBias is null ? null : weights.QueryKeyValueBias + (q - qkv), weights.QueryKeyNorm, token.Slot);
        Prepare(k, 1, weights.QueryKeyValueBias is null ? null : weights.QueryKeyValueBias + (k - qkv), weights.QueryKeyNorm is null ? null : weights.QueryKeyNorm + size, token.Slot);
        if (weights.QueryKeyValueBias is not null) RowOperations.Add(v, weights.QueryKeyValueBias + (v - qkv), size);
        Stored.Store(k, At(_keys, layer, token.CacheRow, head) + (nint)token.Slot * size, size);
        Stored.Store(v, At(_values, layer, token.CacheRow, head) + (nint)token.Slot * size, size);
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
        return new Attention(size, new Rows<float>(_queries_MGD + first * size, size), new Rows<float>(_scores_MGS + first * scores, scores), new Rows<float>(_sums_MG4D + first * 4 * size, 4 * size));
    }

    private float* X(int row) => _x_ND + (nint)row * _config.HiddenSize;

    /// <summary>A token's queries of one key-value head.</summary>
    private float* Query(int row, int head) => _qkv_NH + (nint)row * QkvSize + head * _group * _config.HeadDim;

    private float* NormedOf(int member) => _normed_MND + (nint)member * WholeRows * _config.HiddenSize;

    private float* NearOf(int member) => _near_MW + (nint)member * _nearSize;

    private T* At(T* cache_LRKSD, int layer, int row, int head) =>
        cache_LRKSD + (((long)layer * _cacheRows + row) * _config.NumKeyValueHeads + head) * _slots * _config.HeadDim;
}
