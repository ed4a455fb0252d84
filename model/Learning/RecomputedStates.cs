using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// Activation checkpointing (arXiv 1604.06174) of a packed microbatch, a layer a block: the way forward keeps only what goes into each
/// layer, and the way back makes a layer again to get its gradient. The same gradients to the bit, for a third more arithmetic and the
/// activations of one layer in place of all. Owns what it keeps.
/// </summary>
internal sealed class RecomputedStates : IPassStates
{
    private readonly LearningReplica _replica;
    private readonly PackedTensors _batch;
    private readonly List<Tensor> _inputs_ND = [];

    public RecomputedStates(LearningReplica replica, PackedTensors batch)
    {
        (_replica, _batch) = (replica, batch);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var x_ND = PackedDecoder.Embed(replica, batch);
        for (var layer = 0; layer < replica.Model.Layers.Count; layer++)
        {
            _inputs_ND.Add(x_ND.DetachFromDisposeScope());
            x_ND = PackedDecoder.Layer(replica, layer, x_ND, batch);
        }

        States_MD = PackedDecoder.Predicting(replica, x_ND, batch).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor States_MD { get; }

    /// <inheritdoc/>
    public void Backward(Tensor gradient_MD)
    {
        using var scope = NewDisposeScope();
        var gradient = gradient_MD;
        for (var layer = _inputs_ND.Count - 1; layer >= 0; layer--)
        {
            using var _ = NewDisposeScope();
            using var input_ND = _inputs_ND[layer];
            var x_ND = input_ND.detach().requires_grad_(true);
            var output = PackedDecoder.Layer(_replica, layer, x_ND, _batch);
            if (layer == _inputs_ND.Count - 1) output = PackedDecoder.Predicting(_replica, output, _batch);
            output.backward([gradient]);
            gradient = x_ND.grad!.MoveToOuterDisposeScope();
        }

        if (_replica.LearnsWeights) PackedDecoder.Embed(_replica, _batch).backward([gradient]);
    }

    public void Dispose()
    {
        foreach (var input_ND in _inputs_ND) input_ND.Dispose();
        States_MD.Dispose();
    }
}
