using KnapsackCloud.Model.Generation.Cpu;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning.Cpu;

/// <summary>A layer's way forward and back over some tokens, and what the way back needs of the way forward, in an arena's arrays.</summary>
internal sealed unsafe class CpuLayer : IDisposable
{
    private readonly ModelConfig _config;
    private readonly FloatArena _arena;
    private readonly LearningMatrix _queryKeyValue, _output, _gateUp, _down;
    private readonly float* _attentionNorm, _byAttentionNorm, _feedForwardNorm, _byFeedForwardNorm, _bias, _byBias, _headNorm, _byHeadNorm;
    private float* _x_ND, _normed_ND, _plain_NH, _qkv_NH, _kept, _attended_RQ, _middle_RD, _normed_RD, _gateUp_R2F, _hidden_RF;

    /// <param name="gradients">Of the model's parameters; null where they do not learn.</param>
    public CpuLayer(LearningReplica replica, int layer, IReadOnlyList<Tensor>? gradients, FloatArena arena)
    {
        (_config, _arena) = (replica.Model.Config, arena);
        var first = ParameterLayout.First(_config, layer);
        Find(0, out _attentionNorm, out _byAttentionNorm);
        Find(ParameterLayout.FeedForwardNorm, out _feedForwardNorm, out _byFeedForwardNorm);
        (_queryKeyValue, _output, _gateUp, _down) = (Matrix(ParameterLayout.QueryKeyValue), Matrix(ParameterLayout.Output), Matrix(ParameterLayout.GateUp), Matrix(ParameterLayout.Down));

        if (ParameterLayout.BiasOffset(_config) is { } bias) Find(bias, out _bias, out _byBias);
        if (ParameterLayout.NormOffset(_config) is { } norm) Find(norm, out _headNorm, out _byHeadNorm);

        LearningMatrix Matrix(int offset) => new(replica, first + offset, gradients?[first + offset], arena);

        void Find(int offset, out float* weight, out float* gradient)
        {
            weight = TensorMemory.Of<float>(replica.Model.Parameters[first + offset]);
            gradient = gradients is null ? null : TensorMemory.Of<float>(gradients[first + offset]);
        }
    }

    public void Refresh()
    {
        foreach (var matrix in new[] { _queryKeyValue, _output, _gateUp, _down }) matrix.Refresh();
    }

    /// <summary>The layer's output, a row for each query.</summary>
    /// <param name="x_ND">Of all tokens; kept for the way back, as all arrays are.</param>
    public float* Forward(float* x_ND, CpuBatch batch, LayerQueries queries)
    {
        int d = _config.HiddenSize, f = _config.IntermediateSize, tokens = MatrixProducts.Padded(batch.Tokens), rows = MatrixProducts.Padded(queries.Rows);
        _x_ND = x_ND;
        _normed_ND = Normed(x_ND, _attentionNorm, batch.Tokens);
        _qkv_NH = _arena.Take((long)tokens * QkvSize);
        _queryKeyValue.Forward(_normed_ND, tokens, _qkv_NH);
        PrepareHeads(batch, tokens);
        _kept = _arena.Take(batch.Attention.Kept(queries.Spans));
        _attended_RQ = _arena.Take((long)rows * _config.QuerySize);
        batch.Attention.Forward(queries.Spans, _qkv_NH, _kept, _attended_RQ);
        _middle_RD = _arena.Take((long)rows * d);
        for (var row = 0; row < queries.Rows; row++) RowOperations.Copy(x_ND + (nint)queries.Token(row) * d, _middle_RD + (nint)row * d, d);
        _output.Forward(_attended_RQ, rows, _middle_RD, add: true);
        _normed_RD = Normed(_middle_RD, _feedForwardNorm, queries.Rows);
        _gateUp_R2F = _arena.Take((long)rows * 2 * f);
        _hidden_RF = _arena.Take((long)rows * f);
        _gateUp.Forward(_normed_RD, rows, _gateUp_R2F);
        for (var row = 0; row < queries.Rows; row++) RowOperations.SwiGlu(Gate(row), Gate(row) + f, f, _hidden_RF + (nint)row * f);
        var y_RD = _arena.Take((long)rows * d);
        RowOperations.Copy(_middle_RD, y_RD, rows * d);
        _down.Forward(_hidden_RF, rows, y_RD, add: true);
        return y_RD;
    }

    /// <summary>Adds the gradients of what learns; returns that of the layer's input, of all tokens.</summary>
    /// <param name="byY_RD">Changed.</param>
    public float* Backward(float* byY_RD, CpuBatch batch, LayerQueries queries)
    {
        int d = _config.HiddenSize, f = _config.IntermediateSize, rows = MatrixProducts.Padded(queries.Rows);
        var byX_ND = queries.PlaceOfAll(byY_RD, batch.Tokens, d, _arena);
        var mark = _arena.Mark();
        var byHidden_RF = _arena.Take((long)rows * f);
        _down.Backward(byY_RD, rows, byHidden_RF);
        _down.Learn(byY_RD, _hidden_RF, queries.Rows);
        for (var row = 0; row < queries.Rows; row++) RowGradients.SwiGlu(Gate(row), Gate(row) + f, byHidden_RF + (nint)row * f, f);
        var byNormed_RD = _arena.Take((long)rows * d);
        _gateUp.Backward(_gateUp_R2F, rows, byNormed_RD);
        _gateUp.Learn(_gateUp_R2F, _normed_RD, queries.Rows);
        ByNorm(_middle_RD, _feedForwardNorm, byNormed_RD, queries.Rows, byY_RD, _byFeedForwardNorm);
        var byAttended_RQ = _arena.Take((long)rows * _config.QuerySize);
        _output.Backward(byY_RD, rows, byAttended_RQ);
        _output.Learn(byY_RD, _attended_RQ, queries.Rows);
        queries.Spread(byY_RD, byX_ND, d);
        AttentionBackward(byAttended_RQ, batch, queries, byX_ND);
        _arena.Return(mark);
        return byX_ND;
    }

    public void Dispose()
    {
        foreach (var matrix in new[] { _queryKeyValue, _output, _gateUp, _down }) matrix.Dispose();
    }

    private int QkvSize => _config.QuerySize + 2 * _config.KeyValueSize;

    private void AttentionBackward(float* byAttended_RQ, CpuBatch batch, LayerQueries queries, float* byX_ND)
    {
        var tokens = MatrixProducts.Padded(batch.Tokens);
        var byQkv_NH = _arena.Zeros((long)tokens * QkvSize);
        batch.Attention.Backward(queries.Spans, _qkv_NH, _kept, byAttended_RQ, byQkv_NH);
        HeadsBackward(byQkv_NH, batch);
        var byNormed_ND = _arena.Take((long)tokens * _config.HiddenSize);
        _queryKeyValue.Backward(byQkv_NH, tokens, byNormed_ND);
        _queryKeyValue.Learn(byQkv_NH, _normed_ND, batch.Tokens);
        ByNorm(_x_ND, _attentionNorm, byNormed_ND, batch.Tokens, byX_ND, _byAttentionNorm);
    }

    /// <summary>Biases, norms and rotation of queries and keys, as far as the architecture has them; before norms they are kept.</summary>
    private void PrepareHeads(CpuBatch batch, int tokens)
    {
        var size = _config.HeadDim;
        for (var token = 0; token < batch.Tokens && _bias is not null; token++) RowOperations.Add(Head(_qkv_NH, token, 0), _bias, QkvSize);
        if (_headNorm is not null)
        {
            _plain_NH = _arena.Take((long)tokens * QkvSize);
            RowOperations.Copy(_qkv_NH, _plain_NH, batch.Tokens * QkvSize);
        }

        for (var token = 0; token < batch.Tokens; token++)
        {
            for (var head = 0; head < RotatedHeads; head++)
            {
                var numbers = Head(_qkv_NH, token, head);
                if (_headNorm is not null) RowOperations.RmsNorm(numbers, HeadNorm(_headNorm, head), size, _config.RmsNormEps, numbers);
                RowOperations.Rotate(numbers, size, batch.Cos(token), batch.Sin(token));
            }
        }
    }

    /// <summary>The way back through <see cref="PrepareHeads"/>, in place.</summary>
    private void HeadsBackward(float* byQkv_NH, CpuBatch batch)
    {
        var size = _config.HeadDim;
        var byNormed = stackalloc float[size];
        for (var token = 0; token < batch.Tokens; token++)
        {
            for (var head = 0; head < RotatedHeads; head++)
            {
                var gradient = Head(byQkv_NH, token, head);
                RowGradients.Rotate(gradient, size, batch.Cos(token), batch.Sin(token));
                if (_headNorm is null) continue;
                RowOperations.Copy(gradient, byNormed, size);
                new Span<float>(gradient, size).Clear();
                RowGradients.RmsNorm(Head(_plain_NH, token, head), HeadNorm(_headNorm, head), byNormed, size, _config.RmsNormEps, gradient, HeadNorm(_byHeadNorm, head));
            }

            if (_byBias is not null) RowOperations.Add(_byBias, Head(byQkv_NH, token, 0), QkvSize);
        }
    }

    private int RotatedHeads => _config.NumAttentionHeads + _config.NumKeyValueHeads;

    /// <summary>Queries' weights, and then those of keys; nothing of nothing.</summary>
    private float* HeadNorm(float* both, int head) => both is null || head < _config.NumAttentionHeads ? both : both + _config.HeadDim;

    private float* Normed(float* x_RD, float* weight, int rows)
    {
        var d = _config.HiddenSize;
        var normed_RD = _arena.Take((long)MatrixProducts.Padded(rows) * d);
        for (var row = 0; row < rows; row++) RowOperations.RmsNorm(x_RD + (nint)row * d, weight, d, _config.RmsNormEps, normed_RD + (nint)row * d);
        return normed_RD;
    }

    private void ByNorm(float* x_RD, float* weight, float* byNormed_RD, int rows, float* byX_RD, float* byWeight)
    {
        var d = _config.HiddenSize;
        for (nint row = 0; row < rows; row++) RowGradients.RmsNorm(x_RD + row * d, weight, byNormed_RD + row * d, d, _config.RmsNormEps, byX_RD + row * d, byWeight);
    }

    private float* Head(float* qkv_NH, int token, int head) => qkv_NH + (nint)token * QkvSize + head * _config.HeadDim;

    private float* Gate(int row) => _gateUp_R2F + (nint)row * 2 * _config.IntermediateSize;
}
