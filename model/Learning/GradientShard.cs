using KnapsackCloud.Core.Learn;
using KnapsackCloud.Model.Learning.Objectives;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>Makes the gradient of one shard of a minibatch, on a replica of its own.</summary>
internal sealed class GradientShard : IDisposable
{
    private readonly LearningReplica _replica;

    /// <param name="replica">Becomes the shard's.</param>
    public GradientShard(LearningReplica replica)
    {
        _replica = replica;
        Gradient = new ParameterBuffer(replica.Leaves);
        // Backward adds to a gradient that is there, so these views stay the gradients for good.
        foreach (var (leaf, gradient) in replica.Leaves.Zip(Gradient.Views)) leaf.grad = gradient;
    }

    /// <summary>Of the replica's leaves.</summary>
    public ParameterBuffer Gradient { get; }

    /// <summary>Replaces <see cref="Gradient"/> by that of the microbatches' summed loss. One thread at a time.</summary>
    public MinibatchResult Compute(IReadOnlyList<IReadOnlyList<PackedGroup>> microbatches, UpdateRule rule)
    {
        using var scope = NewDisposeScope();
        Gradient.Flat_W.zero_();
        var replica = _replica.ForPasses();
        var sum = MinibatchResult.Empty;
        foreach (var microbatch in microbatches) sum = MinibatchResult.Add(sum, Add(replica, PackedLayout.Of(microbatch), rule));
        return sum;
    }

    /// <summary>Log-probs of every row's tokens under the present weights, without a gradient.</summary>
    public IEnumerable<(TrainingRow Row, float[] LogProbs)> LogProbs(IReadOnlyList<IReadOnlyList<PackedGroup>> microbatches, double temperature)
    {
        using var frozen = no_grad();
        using var ofWeights = NewDisposeScope();
        var replica = _replica.ForPasses();
        var found = new List<(TrainingRow, float[])>();
        foreach (var microbatch in microbatches)
        {
            using var scope = NewDisposeScope();
            var batch = Tensors(replica, PackedLayout.Of(microbatch));
            var logProbs_M = LogProbs(replica, batch, temperature).to(ScalarType.Float32).cpu().data<float>().ToArray();
            var at = 0;
            foreach (var row in microbatch.SelectMany(group => group.Rows))
            {
                found.Add((row.Row, logProbs_M[at..(at + row.Row.CompletionIds.Length)]));
                at += row.Row.CompletionIds.Length;
            }
        }

        return found;
    }

    private MinibatchResult Add(LearningReplica replica, PackedLayout layout, UpdateRule rule)
    {
        using var scope = NewDisposeScope();
        var batch = Tensors(replica, layout);
        using var recomputed = rule.Recompute == true ? new RecomputedStates(replica, batch) : null;
        var states_MD = recomputed?.States_MD ?? PackedDecoder.PredictingStates(replica, batch);
        var detached_MD = states_MD.detach();
        var head = new LogProbHead(replica.Model.Head_VxD.detach(), rule.Temperature);
        var (logProbs_M, entropies_M) = head.Forward(detached_MD, batch.Targets_M);
        var predictions = new TokenPredictions(logProbs_M.requires_grad_(true), entropies_M.requires_grad_(true), ReferenceLogProbs(batch, rule, replica.Precision));
        var (loss, clipped) = rule.Objective.Evaluate(predictions, batch);
        loss.backward();
        var entropies = entropies_M.grad is { } gradient_M ? (entropies_M.detach(), gradient_M) : ((Tensor, Tensor)?)null;
        var gradient_MD = head.Backward(detached_MD, batch.Targets_M, logProbs_M.grad!, HeadGradient_VxD, entropies);
        if (recomputed is null) states_MD.backward([gradient_MD]);
        else recomputed.Backward(gradient_MD);
        return Measure(loss, clipped, predictions, batch);
    }

    private static MinibatchResult Measure(Tensor loss, long clipped, TokenPredictions predictions, PackedTensors batch)
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

    private static Tensor? ReferenceLogProbs(PackedTensors batch, UpdateRule rule, ScalarType precision)
    {
        if (rule.Reference is not { } reference) return null;
        using var frozen = no_grad();
        using var replica = LearningReplica.Frozen(reference, precision);
        return LogProbs(replica.ForPasses(), batch, rule.Temperature);
    }

    private static Tensor LogProbs(LearningReplica replica, PackedTensors batch, double temperature) =>
        new LogProbHead(replica.Model.Head_VxD, temperature, keptValues: 0).Forward(PackedDecoder.PredictingStates(replica, batch), batch.Targets_M).LogProbs_M;

    private static PackedTensors Tensors(LearningReplica replica, PackedLayout layout) => new(layout, replica.Model.Rotary, replica.Precision);

    /// <summary>Null where the head does not learn.</summary>
    private Tensor? HeadGradient_VxD => !_replica.LearnsWeights ? null : _replica.Model.Config.TieWordEmbeddings ? Gradient.Views[0] : Gradient.Views[^1];

    public void Dispose()
    {
        _replica.Dispose();
        Gradient.Dispose();
    }
}
