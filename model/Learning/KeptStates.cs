using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>A pass by the tensor library, whose graph keeps what the way back needs. Its tensors are the current scope's.</summary>
internal sealed class KeptStates : IPassStates
{
    private readonly Tensor _states_MD;

    public KeptStates(LearningReplica replica, PackedTensors batch)
    {
        _states_MD = PackedDecoder.PredictingStates(replica, batch);
        States_MD = _states_MD.detach();
    }

    /// <inheritdoc/>
    public Tensor States_MD { get; }

    /// <inheritdoc/>
    public void Backward(Tensor gradient_MD) => _states_MD.backward([gradient_MD]);

    public void Dispose()
    {
        States_MD.Dispose();
        _states_MD.Dispose();
    }
}
