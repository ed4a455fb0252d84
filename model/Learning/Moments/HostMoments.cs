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

    private readonly FloatMoments _here;
    private readonly Device[] _devices;
    private readonly long _pieceSize;

    /// <param name="pieceSize">Tests have small ones.</param>
    public HostMoments(IReadOnlyList<Tensor> weights, long pieceSize = PieceSize)
    {
        (_here, _pieceSize) = (new FloatMoments(weights, CPU), pieceSize);
        _devices = [.. weights.Select(weight => weight.device)];
    }

    public IEnumerable<MomentPiece> Pieces(IReadOnlyList<int> weights)
    {
        foreach (var weight in weights)
        {
            var (means, squares) = _here.Of(weight);
            var count = means.numel();
            for (long first = 0; first < count; first += _pieceSize)
            {
                using var scope = NewDisposeScope();
                var range = (First: first, Count: Math.Min(_pieceSize, count - first));
                var (mean, square) = (There(means), There(squares));
                yield return new MomentPiece([weight], range, [mean], [square]);
                Part(means).copy_(mean);
                Part(squares).copy_(square);

                Tensor There(Tensor moments) => Part(moments).to(_devices[weight], copy: true);
                Tensor Part(Tensor moments) => moments.view(-1).narrow(0, range.First, range.Count);
            }
        }
    }

    public (Tensor Means, Tensor Squares) Of(int weight) => _here.Of(weight);

    public void Keep(int weight, Tensor means, Tensor squares) => _here.Keep(weight, means, squares);

    public void Dispose() => _here.Dispose();
}
