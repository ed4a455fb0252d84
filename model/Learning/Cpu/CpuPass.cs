using KnapsackCloud.Model.Generation.Cpu;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning.Cpu;

/// <summary>
/// The decoder over a packed microbatch and its gradients on a CPU: what <see cref="PackedDecoder"/> computes by hundreds of operations of the tensor
/// library and its graph. Of small models each of them takes longer to be called than to be computed; of large ones their results go to memory and
/// come back, one after the other. One thread at a time.
/// </summary>
internal sealed unsafe class CpuPass : IPassStates
{
    /// <summary>Keys of the widest span whose probabilities are kept.</summary>
    private const int WidestTree = 64;

    private readonly ModelConfig _config;
    private readonly Rotary _rotary;
    private readonly FloatArena _arena;
    private readonly CpuLayer[] _layers;
    private readonly float* _embedding, _byEmbedding, _finalNorm, _byFinalNorm;
    private CpuBatch? _batch;
    private LayerQueries[] _queries = [];
    private PackedLayout? _layout;
    private float* _last_UD;
    private Tensor? _states_MD;

    /// <param name="replica">Its weights stay where they are. Where an adapter learns, the gradients of its leaves are added to.</param>
    /// <param name="gradient">Of the model's parameters; added to. Null where they do not learn. Where nothing does there is no way back.</param>
    /// <param name="arena">Stays the caller's. What has a pass over it is good until the next one over the same.</param>
    public CpuPass(LearningReplica replica, ParameterBuffer? gradient, FloatArena arena)
    {
        var model = replica.Model;
        (_config, _rotary, _arena) = (model.Config, model.Rotary, arena);
        _layers = [.. Enumerable.Range(0, _config.NumHiddenLayers).Select(layer => new CpuLayer(replica, layer, gradient?.Views, arena))];
        _embedding = TensorMemory.Of<float>(model.Embedding_VxD);
        _finalNorm = TensorMemory.Of<float>(model.FinalNorm_D);
        if (gradient is null) return;
        _byEmbedding = TensorMemory.Of<float>(gradient.Views[0]);
        _byFinalNorm = TensorMemory.Of<float>(gradient.Views[ParameterLayout.FinalNorm(_config)]);
    }

    /// <summary>Whether processor, sizes and precision are those that this is written for: AVX-512, whole vectors, float32.</summary>
    public static bool Supports(DecoderModel model) => CpuKernels.Support(model.Config) && CpuKernels.AreHere(model, ScalarType.Float32);

    /// <summary>After the weights changed, before the next pass.</summary>
    public void Refresh()
    {
        foreach (var layer in _layers) layer.Refresh();
    }

    /// <inheritdoc/>
    public Tensor States_MD => _states_MD ?? throw new InvalidOperationException("no pass was made");

    /// <summary>Replaces the last pass by one over a layout.</summary>
    public void Forward(PackedLayout layout)
    {
        using var scope = NewDisposeScope();
        var d = _config.HiddenSize;
        _arena.Reset();
        _layout = layout;
        var spans = TokenSpan.OfAll(layout);
        var angles = _rotary.Range(0, layout.Positions_N.Max() + 1);
        _batch = new CpuBatch(layout, _config.HeadDim, TensorMemory.Of<float>(angles.Cos), TensorMemory.Of<float>(angles.Sin), Attention(spans.Max(span => span.Width)));
        var all = new LayerQueries(spans, layout.Tokens, null);
        _queries = [.. Enumerable.Repeat(all, _layers.Length - 1), new LayerQueries(TokenSpan.OfSources(layout), layout.Sources, layout.Sources_U)];
        var x = _arena.Take((long)MatrixProducts.Padded(layout.Tokens) * d);
        for (var token = 0; token < layout.Tokens; token++) RowOperations.Copy(_embedding + (nint)layout.TokenIds_N[token] * d, x + (nint)token * d, d);
        foreach (var (layer, queries) in _layers.Zip(_queries)) x = layer.Forward(x, _batch, queries);
        _last_UD = x;
        _states_MD?.Dispose();
        _states_MD = Predicting(layout).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public void Backward(Tensor gradient_MD)
    {
        using var scope = NewDisposeScope();
        var (d, layout) = (_config.HiddenSize, _layout!);
        var byStates = TensorMemory.Of<float>(gradient_MD.contiguous());
        var rows = MatrixProducts.Padded(layout.Sources);
        float* byNormed_UD = _arena.Zeros((long)rows * d), byX = _arena.Zeros((long)rows * d);
        for (var m = 0; m < layout.Predictions; m++) RowOperations.Add(byNormed_UD + (nint)layout.SourceIndex_M[m] * d, byStates + (nint)m * d, d);
        for (nint row = 0; row < layout.Sources; row++)
            RowGradients.RmsNorm(_last_UD + row * d, _finalNorm, byNormed_UD + row * d, d, _config.RmsNormEps, byX + row * d, _byFinalNorm);
        for (var layer = _layers.Length - 1; layer >= 0; layer--) byX = _layers[layer].Backward(byX, _batch!, _queries[layer]);
        for (var token = 0; token < layout.Tokens && _byEmbedding is not null; token++) RowOperations.Add(_byEmbedding + (nint)layout.TokenIds_N[token] * d, byX + (nint)token * d, d);
    }

    public void Dispose()
    {
        foreach (var layer in _layers) layer.Dispose();
        _states_MD?.Dispose();
    }

    private ISpanAttention Attention(int width) => width <= WidestTree ? new TreeAttention(_config, width, _arena) : new BlockAttention(_config, width, _arena);

    private Tensor Predicting(PackedLayout layout)
    {
        var d = _config.HiddenSize;
        var states_MD = empty(layout.Predictions, d);
        var normed_UD = _arena.Take((long)layout.Sources * d);
        for (nint row = 0; row < layout.Sources; row++) RowOperations.RmsNorm(_last_UD + row * d, _finalNorm, d, _config.RmsNormEps, normed_UD + row * d);
        var states = TensorMemory.Of<float>(states_MD);
        for (var m = 0; m < layout.Predictions; m++) RowOperations.Copy(normed_UD + (nint)layout.SourceIndex_M[m] * d, states + (nint)m * d, d);
        return states_MD;
    }
}
