using KnapsackCloud.Core.Learn;
using KnapsackCloud.Model.Learning.Moments;
using KnapsackCloud.Model.Transformer;
using TorchSharp;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// Adam with decoupled weight decay (arXiv 1711.05101), by the fused operator. Matrices decay; norms and biases, which are
/// vectors, do not: they set scales and do not fit noise. Owns its moments; the parameters stay the model's.
/// <code>
/// m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
/// w = w (1 - lr decay) - lr (m / (1 - b1^n)) / (sqrt(v / (1 - b2^n)) + 1e-8)
/// </code>
/// </summary>
internal sealed class AdamW : IDisposable
{
    private const string Source = """
        def adamw(weights: List[Tensor], gradients: List[Tensor], means: List[Tensor], squares: List[Tensor], unused: List[Tensor], steps: List[Tensor], lr: float, beta1: float, beta2: float, decay: float) -> None:
            torch._fused_adamw_(weights, gradients, means, squares, unused, steps, lr=lr, beta1=beta1, beta2=beta2, weight_decay=decay, eps=1e-8, amsgrad=False, maximize=False)

        """;

    private static readonly Lazy<jit.CompilationUnit> Unit = new(() => jit.compile(Source));

    private readonly Tensor[] _weights;
    private readonly int[] _matrices;
    private readonly int[] _vectors;

    public AdamW(DecoderModel model, string states = OptimiserStates.Full) : this(model.Parameters, states) { }

    /// <param name="weights">Stay the caller's.</param>
    /// <param name="states">One of <see cref="OptimiserStates"/>.</param>
    public AdamW(IReadOnlyList<Tensor> weights, string states = OptimiserStates.Full) : this(weights, MomentsOf(weights, states)) { }

    /// <param name="weights">Stay the caller's.</param>
    /// <param name="moments">Become the optimiser's.</param>
    internal AdamW(IReadOnlyList<Tensor> weights, IMoments moments)
    {
        (_weights, Moments) = ([.. weights], moments);
        _matrices = [.. Enumerable.Range(0, _weights.Length).Where(number => _weights[number].dim() > 1)];
        _vectors = [.. Enumerable.Range(0, _weights.Length).Except(_matrices)];
    }

    public IMoments Moments { get; }
    /// <summary>Updates made so far.</summary>
    public long Steps { get; set; }

    /// <summary>One update. The weights change in place, so that every replica sees it.</summary>
    public void Update(ParameterBuffer gradients, double learningRate, OptimiserSettings settings)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        // Plain doubles would become numbers that nothing holds: their finaliser may free them while the call still reads them.
        using var rate = learningRate.ToScalar();
        using var beta1 = settings.Beta1.ToScalar();
        using var beta2 = settings.Beta2.ToScalar();
        using var decay = settings.WeightDecay.ToScalar();
        Steps++;
        using var none = 0.0.ToScalar();
        var step = tensor((float)Steps);
        Update(_matrices, decay);
        Update(_vectors, none);

        void Update(int[] numbers, Scalar decaying)
        {
            foreach (var piece in Moments.Pieces(numbers))
            {
                Unit.Value.invoke(
                    "adamw", piece.Of(_weights), piece.Of(gradients.Views), piece.Means, piece.Squares, Array.Empty<Tensor>(),
                    piece.Means.Select(_ => step).ToArray(), rate, beta1, beta2, decaying);
            }
        }
    }

    public void Dispose() => Moments.Dispose();

    private static IMoments MomentsOf(IReadOnlyList<Tensor> weights, string states) => states switch
    {
        OptimiserStates.EightBit => new EightBitMoments(weights),
        OptimiserStates.Host => new HostMoments(weights),
        _ => new FloatMoments(weights),
    };
}

/// <param name="GradientNorm">Gradients are scaled down to this norm over all weights.</param>
public sealed record OptimiserSettings(double Beta1, double Beta2, double WeightDecay, double GradientNorm);
