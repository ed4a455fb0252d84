using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>The hidden states of one pass over a packed microbatch, and the way back from them.</summary>
internal interface IPassStates : IDisposable
{
    /// <summary>After the final norm, one for each predicted token, [M, D]; without a graph.</summary>
    Tensor States_MD { get; }

    /// <summary>Adds the gradients of all that learns but the head, from that of <see cref="States_MD"/>. Once.</summary>
    void Backward(Tensor gradient_MD);
}
