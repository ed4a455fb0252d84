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
    private const long ShardBytes = 1L << 30;

    private readonly AdamW _optimiser;
    private readonly ShardThreads _threads;
    private readonly GradientShard[] _shards;
    private readonly MicrobatchBudget _budget;

    /// <summary>Model, optimiser and threads stay the caller's.</summary>
    public PolicyTrainer(DecoderModel model, AdamW optimiser, ShardThreads threads)
    {
        (_optimiser, _threads) = (optimiser, threads);
        _budget = MicrobatchBudget.For(model.Config, ShardBytes);
        _shards = [.. Enumerable.Range(0, Shards).Select(_ => new GradientShard(model))];
    }

    /// <summary>One optimiser update on one minibatch with token weights.</summary>
    /// <param name="temperature">Log-probs are those of softmax(logits / temperature), the distribution that was sampled from.</param>
    public MinibatchResult Update(
        IReadOnlyList<PackedGroup> minibatch, ITokenObjective objective, double learningRate, OptimiserSettings settings, double temperature = 1)
    {
        var results = Gradients(minibatch, objective, temperature);
        var norm = _threads.RunOne(() => Apply(learningRate, settings));
        return results.Aggregate(MinibatchResult.Add) with { GradientNorm = norm };
    }

    /// <summary>Leaves the gradient of each shard in its buffer.</summary>
    private MinibatchResult[] Gradients(IReadOnlyList<PackedGroup> minibatch, ITokenObjective objective, double temperature)
    {
        var shards = PackingPlan.Shards(minibatch, Shards);
        return _threads.Run(Shards, i => _shards[i].Compute(PackingPlan.Microbatches(shards[i], _budget), objective, temperature));
    }

    private double Apply(double learningRate, OptimiserSettings settings)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var gradient = _shards[0].Gradient;
        foreach (var shard in _shards[1..]) gradient.Flat_W.add_(shard.Gradient.Flat_W);
        var norm = gradient.Flat_W.norm().to(ScalarType.Float64).item<double>();
        // The small number keeps the quotient finite, as in torch.nn.utils.clip_grad_norm_.
        if (norm > settings.GradientNorm) gradient.Flat_W.mul_(settings.GradientNorm / (norm + 1e-6));
        _optimiser.Update(gradient, learningRate, settings);
        return norm;
    }

    public void Dispose()
    {
        foreach (var shard in _shards) shard.Dispose();
    }
}

/// <summary>Sums over the predicted tokens of a minibatch.</summary>
/// <param name="Loss">Of the whole minibatch.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="Predictions">Completion tokens.</param>
/// <param name="MaxMismatch">Largest absolute difference between the learner's and the behaviour log-probs.</param>
public sealed record MinibatchResult(
    double Loss, double GradientNorm, long Predictions, long PackedTokens, long Clipped, double EntropySum, double MaxMismatch)
{
    public static MinibatchResult Empty { get; } = new(0, 0, 0, 0, 0, 0, 0);

    public static MinibatchResult Add(MinibatchResult a, MinibatchResult b) => new(
        a.Loss + b.Loss, a.GradientNorm + b.GradientNorm, a.Predictions + b.Predictions, a.PackedTokens + b.PackedTokens,
        a.Clipped + b.Clipped, a.EntropySum + b.EntropySum, Math.Max(a.MaxMismatch, b.MaxMismatch));
}
