using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning.Moments;

/// <summary>
/// In the memory of the processor, whatever computes: eight bytes a weight for both, of which a GPU holds a piece at a time, while it is
/// updated (arXiv 2101.06840 moves the whole update). Numbers are those of <see cref="FloatMoments"/> to the bit.
/// </summary>
internal sealed class HostMoments : IMoments
{
    /// <summary>Numbers that are where the weights are at once, of each moment: 64 MB.</summary>
    private const long PieceSize = 1 << 24;

    private readonly ParameterBuffer _means;
    private readonly ParameterBuffer _squares;
    private readonly Device[] _devices;
    private readonly long _pieceSize;

    /// <param name="pieceSize">Tests have small ones.</param>
    public HostMoments(IReadOnlyList<Tensor> weights, long pieceSize = PieceSize)
    {
        (_means, _squares, _pieceSize) = (new ParameterBuffer(weights, CPU), new ParameterBuffer(weights, CPU), pieceSize);
        _devices = [.. weights.Select(weight => weight.device)];
    }

    public IEnumerable<MomentPiece> Pieces(IReadOnlyList<int> weights)
    {
        foreach (var weight in weights)
        {
            var count = _means.Views[weight].numel();
            for (long first = 0; first < count; first += _pieceSize)
            {
                using var scope = NewDisposeScope();
                var range = (First: first, Count: Math.Min(_pieceSize, count - first));
                var (mean, square) = (There(_means), There(_squares));
                yield return new MomentPiece([weight], range, [mean], [square]);
                Part(_means).copy_(mean);
                Part(_squares).copy_(square);

                Tensor There(ParameterBuffer moments) => Part(moments).to(_devices[weight], copy: true);
                Tensor Part(ParameterBuffer moments) => moments.Views[weight].view(-1).narrow(0, range.First, range.Count);
            }
        }
    }

    public (Tensor Means, Tensor Squares) Of(int weight) => (_means.Views[weight], _squares.Views[weight]);

    public void Keep(int weight, Tensor means, Tensor squares)
    {
        using var scope = NewDisposeScope();
        _means.Views[weight].copy_(means);
        _squares.Views[weight].copy_(squares);
    }

    public void Dispose()
    {
        _means.Dispose();
        _squares.Dispose();
    }
}
