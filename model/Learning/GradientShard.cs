using KnapsackCloud.Core.Learn;
using KnapsackCloud.Model.Learning.Cpu;
using KnapsackCloud.Model.Learning.Objectives;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>Makes the gradient of one shard of a minibatch, on a replica of its own.</summary>
internal sealed class GradientShard : IDisposable
{
    private readonly LearningReplica _replica;
    /// <summary>Of all passes by kernels, one after the other.</summary>
    private readonly FloatArena _arena = new();
    private readonly CpuPass? _kernels;

    /// <param name="replica">Becomes the shard's.</param>
    public GradientShard(LearningReplica replica)
    {
        _replica = replica;
        Gradient = new ParameterBuffer(replica.Leaves);
        // Backward adds to a gradient that is there, so these views stay the gradients for good.
        foreach (var (leaf, gradient) in replica.Leaves.Zip(Gradient.Views)) leaf.grad = gradient;
        if (replica.Precision == replica.Model.Embedding_VxD.dtype && CpuPass.Supports(replica.Model)) _kernels = new CpuPass(replica, replica.LearnsWeights ? Gradient : null, _arena);
    }

    /// <summary>Whether passes are those of the kernels for CPUs, unless layers are made again.</summary>
    public bool HasKernels => _kernels is not null;

    /// <summary>Of the replica's leaves.</summary>
    public ParameterBuffer Gradient { get; }

    /// <summary>Replaces <see cref="Gradient"/> by that of the microbatches' summed loss. One thread at a time.</summary>
    public MinibatchResult Compute(IReadOnlyList<IReadOnlyList<PackedGroup>> microbatches, UpdateRule rule)
    {
        using var scope = NewDisposeScope();
        Gradient.Flat_W.zero_();
        _kernels?.Refresh();
        var replica = _replica.ForPasses();
        using var reference = rule.Reference is { } policy ? new ReferencePass(policy, _replica.Precision, _kernels is null ? null : _arena) : null;
        var sum = MinibatchResult.Empty;
        foreach (var microbatch in microbatches) sum = MinibatchResult.Add(sum, Add(replica, reference, microbatch, rule));
        return sum;
    }

    /// <summary>Log-probs of every row's tokens under the present weights, as <see cref="ForwardOnly.LogProbs"/>.</summary>
    public IEnumerable<(TrainingRow Row, float[] LogProbs)> LogProbs(IReadOnlyList<IReadOnlyList<PackedGroup>> microbatches, double temperature, bool lean = false)
    {
        using var frozen = no_grad();
        using var ofWeights = NewDisposeScope();
        _kernels?.Refresh();
        var replica = _replica.ForPasses();
        var found = new List<(TrainingRow, float[])>();
        foreach (var microbatch in microbatches)
        {
            using var scope = NewDisposeScope();
            var logProbs_M = ForwardOnly.LogProbs(replica, _kernels, PackedLayout.Of(microbatch), temperature, lean).to(ScalarType.Float32).cpu().data<float>().ToArray();
            var at = 0;
            foreach (var row in microbatch.SelectMany(group => group.Rows))
            {
                found.Add((row.Row, logProbs_M[at..(at + row.Row.CompletionIds.Length)]));
                at += row.Row.CompletionIds.Length;
            }
        }

        return found;
    }

    private MinibatchResult Add(LearningReplica replica, ReferencePass? reference, IReadOnlyList<PackedGroup> microbatch, UpdateRule rule)
    {
        using var scope = NewDisposeScope();
        var layout = PackedLayout.Of(microbatch);
        var batch = new PackedTargets(layout, replica.Precision);
        // Before the policy's own pass, which takes its memory.
        var reference_M = reference?.LogProbs(layout, rule.Temperature, lean: rule.Recompute == true);
        var states = States(replica, layout, rule.Recompute == true);
        using var done = ReferenceEquals(states, _kernels) ? null : states;
        var head = new LogProbHead(replica.Model.Head_VxD.detach(), rule.Temperature);
        var (logProbs_M, entropies_M) = head.Forward(states.States_MD, batch.Targets_M);
        var predictions = new TokenPredictions(logProbs_M.requires_grad_(true), entropies_M.requires_grad_(true), reference_M);
        var (loss, clipped) = rule.Objective.Evaluate(predictions, batch);
        loss.backward();
        var entropies = entropies_M.grad is { } gradient_M ? (entropies_M.detach(), gradient_M) : ((Tensor, Tensor)?)null;
        states.Backward(head.Backward(states.States_MD, batch.Targets_M, logProbs_M.grad!, HeadGradient_VxD, entropies));
        return Measure(loss, clipped, predictions, batch);
    }

    /// <summary>One pass: the kernels', which stay, or another, which is the caller's.</summary>
    private IPassStates States(LearningReplica replica, PackedLayout layout, bool recompute)
    {
        if (_kernels is not null && !recompute)
        {
            _kernels.Forward(layout);
            return _kernels;
        }

        var tensors = new PackedTensors(layout, replica.Model.Rotary, replica.Precision);
        return recompute ? new RecomputedStates(replica, tensors) : new KeptStates(replica, tensors);
    }

    private static MinibatchResult Measure(Tensor loss, long clipped, TokenPredictions predictions, PackedTargets batch)
    {
        using var frozen = no_grad();
        return new MinibatchResult
        {
            Loss = loss.Value(),
            Predictions = batch.Layout.Predictions,
            PackedTokens = batch.Layout.Tokens,
            Clipped = clipped,
            EntropySum = predictions.Entropies_M.sum().Value(),
            ReferenceKlSum = KlObjective.Divergence(predictions)?.sum().Value() ?? 0,
            MaxMismatch = (predictions.LogProbs_M - batch.OldLogProbs_M).abs().max().Value(),
        };
    }

    /// <summary>Null where the head does not learn.</summary>
    private Tensor? HeadGradient_VxD => !_replica.LearnsWeights ? null : _replica.Model.Config.TieWordEmbeddings ? Gradient.Views[0] : Gradient.Views[^1];

    public void Dispose()
    {
        _kernels?.Dispose();
        _arena.Dispose();
        _replica.Dispose();
        Gradient.Dispose();
    }
}
