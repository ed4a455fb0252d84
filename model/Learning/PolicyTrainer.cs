using KnapsackCloud.Core.Learn;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// Optimises a model on minibatches. Each minibatch is cut into a fixed number of shards, whose gradients are made on
/// threads of their own and added in a fixed order: same input, same bits, whatever the number of cores and their timing.
/// </summary>
internal sealed class PolicyTrainer : IDisposable
{
    /// <summary>Shards of a minibatch. A constant of the format: another number rounds sums differently.</summary>
    public const int Shards = 2;
    private const long ShardBytes = 768L << 20;
    /// <summary>What the kernels need stays theirs, also while the tensor library needs its own.</summary>
    private const long KernelBytes = 512L << 20;

    private readonly DecoderModel _model;
    private readonly AdamW _optimiser;
    private readonly ShardThreads _threads;
    private readonly GradientShard[] _shards;
    private readonly MicrobatchBudget _kept;
    private readonly MicrobatchBudget _recomputed;
    private readonly AdapterTraining? _adapter;

    /// <summary>All stay the caller's.</summary>
    /// <param name="model">With an adapter, its merged model.</param>
    /// <param name="optimiser">Of the model's weights, or of the adapter's.</param>
    /// <param name="precision">One of <see cref="LearningPrecision"/>.</param>
    public PolicyTrainer(DecoderModel model, AdamW optimiser, ShardThreads threads, AdapterTraining? adapter = null, string precision = LearningPrecision.Full)
    {
        (_model, _optimiser, _threads, _adapter) = (model, optimiser, threads, adapter);
        Accumulated = new AccumulatedGradient(adapter?.Adapter.Tensors ?? model.Parameters);
        ScalarType? type = precision == LearningPrecision.BFloat16 ? ScalarType.BFloat16 : null;
        _shards = [.. Enumerable.Range(0, Shards).Select(_ => new GradientShard(adapter is null ? LearningReplica.OfWeights(model, type) : LearningReplica.OfAdapter(model, adapter.Adapter, type)))];
        var bytes = precision == LearningPrecision.BFloat16 ? sizeof(ushort) : sizeof(float);
        _kept = _shards[0].HasKernels ? MicrobatchBudget.ForKernels(model.Config, KernelBytes) : MicrobatchBudget.For(model.Config, ShardBytes, numberBytes: bytes);
        _recomputed = MicrobatchBudget.For(model.Config, ShardBytes, recompute: true, bytes);
    }

    /// <summary>What <see cref="Accumulate"/> has collected; the trainer's.</summary>
    public AccumulatedGradient Accumulated { get; }

    /// <summary>
    /// One optimiser update on one minibatch with token weights. Where its loss, its gradient norm or a sum that is reported is not
    /// a finite number, weights and optimiser stay as they are: one such update would spoil every weight for good.
    /// </summary>
    public MinibatchResult Update(IReadOnlyList<PackedGroup> minibatch, UpdateRule rule, double learningRate, OptimiserSettings settings) =>
        Learn(minibatch, rule, (gradient, norm) => Apply(gradient, norm, learningRate, settings));

    /// <summary>
    /// Adds the gradient of a part of a minibatch to <see cref="Accumulated"/>, under the conditions of <see cref="Update"/>. The norm of the
    /// result is that of the mean so far.
    /// </summary>
    /// <param name="size">Of the part, as <see cref="NormalisationRule.Size"/>.</param>
    public MinibatchResult Accumulate(IReadOnlyList<PackedGroup> part, UpdateRule rule, double size) => Learn(part, rule, (gradient, _) =>
    {
        Accumulated.Add(gradient, size, part.Sum(group => group.Rows.Count));
        return Norm(Accumulated.Mean!);
    });

    /// <summary>One optimiser update with what has accumulated, and a fresh start. False where there was nothing, and nothing changes.</summary>
    public bool UpdateByAccumulated(double learningRate, OptimiserSettings settings)
    {
        var mean = Accumulated.Mean;
        if (mean is not null) _threads.RunOne(() => Apply(mean, Norm(mean), learningRate, settings));
        Accumulated.Clear();
        return mean is not null;
    }

    /// <summary>Log-probs of each row's tokens under the present weights; rows are told apart by reference.</summary>
    public IReadOnlyDictionary<TrainingRow, float[]> LogProbs(IReadOnlyList<PackedGroup> minibatch, UpdateRule rule)
    {
        var passes = Passes(minibatch, rule);
        var found = _threads.Run(Shards, i => _shards[i].LogProbs(passes.OfShard[i], rule.Temperature, passes.Recompute));
        var ofRow = new Dictionary<TrainingRow, float[]>(ReferenceEqualityComparer.Instance);
        foreach (var (row, logProbs) in found.SelectMany(pairs => pairs)) ofRow.Add(row, logProbs);
        return ofRow;
    }

    /// <param name="use">What becomes of the gradient, given its norm where that is finite. Returns the norm to report.</param>
    private MinibatchResult Learn(IReadOnlyList<PackedGroup> minibatch, UpdateRule rule, Func<ParameterBuffer, double, double> use)
    {
        var sum = Gradients(minibatch, rule).Aggregate(MinibatchResult.Add);
        if (sum.NotFinite is { } reason) return MinibatchResult.NotApplied(sum.PackedTokens, reason);
        var norm = _threads.RunOne(() =>
        {
            var gradient = SumOfShards();
            var norm = Norm(gradient);
            return double.IsFinite(norm) ? use(gradient, norm) : norm;
        });
        return double.IsFinite(norm) ? sum with { GradientNorm = norm } : MinibatchResult.NotApplied(sum.PackedTokens, MinibatchResult.Describe("the gradient norm", norm));
    }

    /// <summary>Leaves the gradient of each shard in its buffer.</summary>
    private MinibatchResult[] Gradients(IReadOnlyList<PackedGroup> minibatch, UpdateRule rule)
    {
        var passes = Passes(minibatch, rule);
        return _threads.Run(Shards, i => _shards[i].Compute(passes.OfShard[i], rule with { Recompute = passes.Recompute }));
    }

    private PassPlan Passes(IReadOnlyList<PackedGroup> minibatch, UpdateRule rule) => PassPlan.Of(PackingPlan.Shards(minibatch, Shards), _kept, _recomputed, rule.Recompute);

    private ParameterBuffer SumOfShards()
    {
        var gradient = _shards[0].Gradient;
        foreach (var shard in _shards[1..]) gradient.Flat_W.Increase(shard.Gradient.Flat_W);
        return gradient;
    }

    private static double Norm(ParameterBuffer gradient)
    {
        using var scope = NewDisposeScope();
        return gradient.Flat_W.norm().Value();
    }

    /// <summary>One optimiser update. Scales the gradient down in place where its norm is too large. Returns the norm.</summary>
    private double Apply(ParameterBuffer gradient, double norm, double learningRate, OptimiserSettings settings)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        // The small number keeps the quotient finite, as in torch.nn.utils.clip_grad_norm_.
        if (norm > settings.GradientNorm) gradient.Flat_W.Scale(settings.GradientNorm / (norm + 1e-6));
        _optimiser.Update(gradient, learningRate, settings);
        _adapter?.Merge();
        _model.WeightsChanged();
        return norm;
    }

    public void Dispose()
    {
        Accumulated.Dispose();
        foreach (var shard in _shards) shard.Dispose();
    }
}
