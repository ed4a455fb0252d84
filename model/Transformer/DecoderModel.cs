using KnapsackCloud.Core.Rollout;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Transformer;

/// <summary>
/// A Llama-like decoder: embedding, layers, final norm, head. Owns its weights. Weights of a projection are
/// [outputs, inputs], as in Hugging Face checkpoints.
/// </summary>
public sealed class DecoderModel : IDisposable
{
    private DecoderModel(ModelConfig config, IReadOnlyList<Tensor> parameters, Rotary rotary, bool ownsRotary)
    {
        Config = config;
        Parameters = parameters;
        Rotary = rotary;
        _ownsRotary = ownsRotary;
        Embedding_VxD = parameters[0];
        Layers = [.. Enumerable.Range(0, config.NumHiddenLayers).Select(layer => LayerAt(ParameterLayout.First(config, layer)))];
        FinalNorm_D = parameters[ParameterLayout.FinalNorm(config)];
        Head_VxD = config.TieWordEmbeddings ? Embedding_VxD : parameters[^1];

        DecoderLayer LayerAt(int at) =>
            new(parameters[at], parameters[at + 1], parameters[at + 2], parameters[at + 3], parameters[at + 4], parameters[at + 5])
            {
                QueryKeyValueBias_QKK = ParameterLayout.BiasOffset(config) is { } bias ? parameters[at + bias] : null,
                QueryKeyNorm_2H = ParameterLayout.NormOffset(config) is { } norm ? parameters[at + norm] : null,
            };
    }

    private readonly bool _ownsRotary;
    private readonly Lock _deriving = new();
    private IDisposable? _derived;

    public ModelConfig Config { get; }
    /// <summary>
    /// Every weight once, in a fixed order: embedding; per layer its six in the order of <see cref="DecoderLayer"/>, then biases
    /// and head norms where the architecture has them; final norm; head unless tied.
    /// </summary>
    public IReadOnlyList<Tensor> Parameters { get; }
    public Rotary Rotary { get; }
    public Tensor Embedding_VxD { get; }
    public IReadOnlyList<DecoderLayer> Layers { get; }
    public Tensor FinalNorm_D { get; }
    public Tensor Head_VxD { get; }

    /// <summary>Shapes of <see cref="Parameters"/>, in their order.</summary>
    public static IReadOnlyList<long[]> ParameterShapes(ModelConfig config) => [.. ParameterLayout.Of(config).Select(parameter => parameter.Shape)];

    /// <summary>Takes ownership of weights in the order and shapes of <see cref="ParameterShapes"/>.</summary>
    public static DecoderModel FromParameters(ModelConfig config, IReadOnlyList<Tensor> parameters)
    {
        foreach (var parameter in parameters) parameter.DetachFromDisposeScope();
        var half = parameters[0].dtype is ScalarType.BFloat16 or ScalarType.Float16;
        return new DecoderModel(config, parameters, new Rotary(config, half ? parameters[0].dtype : ScalarType.Float32), ownsRotary: true);
    }

    /// <summary>
    /// Random float32 weights: norms 1, biases normal with deviation 0.02, matrices normal with deviation 1/sqrt(inputs), those
    /// that write to the residual stream divided by sqrt(2 layers), head halved. Drawn from our own counter-based generator:
    /// the same on every machine.
    /// </summary>
    public static DecoderModel Random(ModelConfig config, ulong seed)
    {
        using var scope = NewDisposeScope();
        var residual = 1 / Math.Sqrt(2.0 * config.NumHiddenLayers);
        var parameters = ParameterLayout.Of(config).Select((parameter, i) => parameter.Kind == ParameterKind.Norm
            ? ones(parameter.Shape)
            : Normal(parameter.Shape, Seeds.For(seed, $"weight/{i}")).Times(Deviation(parameter.Kind, parameter.Shape[^1]))).ToList();
        return FromParameters(config, parameters);

        double Deviation(ParameterKind kind, long inputs) => kind switch
        {
            ParameterKind.Embedding => 0.5,
            ParameterKind.Head => 0.5 / Math.Sqrt(inputs),
            ParameterKind.Residual => residual / Math.Sqrt(inputs),
            ParameterKind.Bias => 0.02,
            _ => 1 / Math.Sqrt(inputs),
        };
    }

    /// <summary>The same weights in another precision, as a model of its own.</summary>
    public DecoderModel As(ScalarType precision)
    {
        using var scope = NewDisposeScope();
        return FromParameters(Config, [.. Parameters.Select(parameter => parameter.detach().to(precision, copy: true))]);
    }

    /// <summary>The same weights rounded to another precision, with gradients that go back to these. Its tensors are the current scope's.</summary>
    /// <param name="rotary">Of the precision; stays the caller's.</param>
    internal DecoderModel Rounded(ScalarType precision, Rotary rotary) => new(Config, [.. Parameters.Select(parameter => parameter.to(precision))], rotary, ownsRotary: false);

    /// <summary>The same storage behind new leaf tensors, which collect gradients of their own: one replica per thread.</summary>
    public DecoderModel Replica()
    {
        using var scope = NewDisposeScope();
        return new(Config, [.. Parameters.Select(p => p.detach().requires_grad_(true).DetachFromDisposeScope())], Rotary, ownsRotary: false);
    }

    /// <summary>Hidden states after the final norm, [B, T, D], for whole sequences; differentiable.</summary>
    /// <param name="tokens_BT">Token ids, int64.</param>
    /// <param name="mask">True where a query may look, broadcastable to [B, heads, T, T]; null is causal.</param>
    /// <param name="keep">Gets each layer's number, keys and values, as in <see cref="DecoderLayer.Forward"/>.</param>
    public Tensor Hidden(Tensor tokens_BT, RotaryAngles rotary, Tensor? mask = null, Action<int, Tensor, Tensor>? keep = null)
    {
        long batch = tokens_BT.shape[0], length = tokens_BT.shape[1];
        var x_BTD = Embedding_VxD.index_select(0, tokens_BT.reshape(-1)).view(batch, length, Config.HiddenSize);
        foreach (var (number, layer) in Layers.Index())
        {
            using var before_BTD = x_BTD;
            x_BTD = layer.Forward(before_BTD, Config, rotary, mask, keep is null ? null : (k, v) => keep(number, k, v));
        }

        using var last_BTD = x_BTD;
        return Kernels.RmsNorm(last_BTD, FinalNorm_D, Config.RmsNormEps);
    }

    /// <summary>Logits [B, T, V] of whole causal sequences from position 0.</summary>
    public Tensor Logits(Tensor tokens_BT) =>
        nn.functional.linear(Hidden(tokens_BT, Rotary.Range(0, tokens_BT.shape[1])), Head_VxD);

    /// <summary>What is computed from the weights once for all who ask: kept until <see cref="WeightsChanged"/> or the model's end.</summary>
    internal T Derived<T>(Func<DecoderModel, T> compute) where T : class, IDisposable
    {
        lock (_deriving) return (T)(_derived ??= compute(this));
    }

    /// <summary>Called by who has written to the weights, while nobody generates with them.</summary>
    internal void WeightsChanged()
    {
        lock (_deriving)
        {
            _derived?.Dispose();
            _derived = null;
        }
    }

    public void Dispose()
    {
        WeightsChanged();
        foreach (var parameter in Parameters) parameter.Dispose();
        if (_ownsRotary) Rotary.Dispose();
    }

    /// <summary>Standard normal draws by Box and Muller.</summary>
    private static Tensor Normal(long[] shape, ulong seed)
    {
        var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        var random = new CounterRandom(seed);
        for (var i = 0; i < values.Length; i++)
        {
            var radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            values[i] = (float)(radius * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        return tensor(values, shape);
    }
}
