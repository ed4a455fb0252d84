using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning.Moments;

/// <summary>Running means of the gradients of some weights and of their squares. Owns its memory.</summary>
internal interface IMoments : IDisposable
{
    /// <summary>The moments of some weights, in pieces. What is written to a piece's tensors is kept when the next one is asked for.</summary>
    IEnumerable<MomentPiece> Pieces(IReadOnlyList<int> weights);

    /// <summary>Those of a whole weight, in float32 and its shape: the storage itself, or a copy owned by the current scope.</summary>
    (Tensor Means, Tensor Squares) Of(int weight);

    /// <summary>Replaces those of a weight. What <see cref="Of"/> gave may be given back changed.</summary>
    void Keep(int weight, Tensor means, Tensor squares);
}

/// <summary>Moments that are updated together.</summary>
/// <param name="Range">First number and count, of the one weight that a piece with a range is of; null for whole weights.</param>
internal readonly record struct MomentPiece(IReadOnlyList<int> Weights, (long First, long Count)? Range, Tensor[] Means, Tensor[] Squares)
{
    /// <summary>The same numbers of other tensors of the weights' shapes, as views.</summary>
    public Tensor[] Of(IReadOnlyList<Tensor> tensors)
    {
        var range = Range;
        return [.. Weights.Select(weight => range is { } part ? tensors[weight].view(-1).narrow(0, part.First, part.Count) : tensors[weight])];
    }
}
