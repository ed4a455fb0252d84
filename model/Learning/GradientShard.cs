using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>A replica of the model (its storage, gradients of its own) that makes the gradient of one shard of a minibatch.</summary>
internal sealed class GradientShard : IDisposable
{
    private readonly DecoderModel _replica;

    public GradientShard(DecoderModel model)
    {
        _replica = model.Replica();
        Gradient = new ParameterBuffer(_replica.Parameters);
        // Backward adds to a gradient that is there, so these views stay the gradients for good.
        foreach (var (parameter, gradient) in _replica.Parameters.Zip(Gradient.Views)) parameter.grad = gradient;
    }

    public ParameterBuffer Gradient { get; }

    /// <summary>Replaces <see cref="Gradient"/> by that of the microbatches' summed loss. One thread at a time.</summary>
    public MinibatchResult Compute(IReadOnlyList<IReadOnlyList<PackedGroup>> microbatches, ITokenObjective objective, double temperature)
    {
        using var scope = NewDisposeScope();
        Gradient.Flat_W.zero_();
        var sum = MinibatchResult.Empty;
        foreach (var microbatch in microbatches) sum = MinibatchResult.Add(sum, Add(PackedLayout.Of(microbatch), objective, temperature));
        return sum;
    }

    private MinibatchResult Add(PackedLayout layout, ITokenObjective objective, double temperature)
    {
        using var scope = NewDisposeScope();
        var batch = new PackedTensors(layout, _replica.Rotary, _replica.Embedding_VxD.dtype);
        var states_MD = PackedDecoder.PredictingStates(_replica, batch);
        var detached_MD = states_MD.detach();
        var head = new LogProbHead(_replica.Head_VxD.detach(), temperature);
        var (logProbs_M, entropySum) = head.Forward(detached_MD, batch.Targets_M);
        logProbs_M.requires_grad_(true);
        var (loss, clipped) = objective.Evaluate(logProbs_M, batch);
        loss.backward();
        var gradient_MD = head.Backward(detached_MD, batch.Targets_M, logProbs_M.grad!, HeadGradient_VxD);
        states_MD.backward([gradient_MD]);

        var mismatch = (logProbs_M.detach() - batch.BehaviourLogProbs_M).abs().max();
        return new MinibatchResult(
            loss.to(ScalarType.Float64).item<double>(), 0, layout.Predictions, layout.Tokens, clipped, entropySum,
            mismatch.to(ScalarType.Float64).item<double>());
    }

    private Tensor HeadGradient_VxD => _replica.Config.TieWordEmbeddings ? Gradient.Views[0] : Gradient.Views[^1];

    public void Dispose()
    {
        _replica.Dispose();
        Gradient.Dispose();
    }
}
