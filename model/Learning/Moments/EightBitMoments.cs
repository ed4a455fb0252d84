using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning.Moments;

/// <summary>
/// A byte a number and one float32 for every 256 of them (arXiv 2110.02861): two bytes a weight for both in place of eight. Of the squares the roots are
/// kept, whose range is half as wide. Weights with fewer than 4,096 numbers stay in float32. What is read back and kept again is, to the last
/// bit, what it was.
/// </summary>
internal sealed class EightBitMoments : IMoments
{
    private const long FewNumbers = 4_096;

    /// <summary>Numbers that are in float32 at once.</summary>
    private const long PieceSize = 1 << 20;

    private readonly Dictionary<int, (QuantisedNumbers Means, QuantisedNumbers Roots)> _quantised = [];
    private readonly FloatMoments _small;
    private readonly long[][] _shapes;

    public EightBitMoments(IReadOnlyList<Tensor> weights)
    {
        using var scope = NewDisposeScope();
        _shapes = [.. weights.Select(weight => weight.shape)];
        foreach (var (number, weight) in weights.Index().Where(weight => weight.Item.numel() >= FewNumbers))
            _quantised[number] = (new(weight.numel(), signed: true, weight.device), new(weight.numel(), signed: false, weight.device));
        _small = new FloatMoments([.. weights.Select((weight, number) => _quantised.ContainsKey(number) ? empty(0, dtype: weight.dtype, device: weight.device) : weight)]);
    }

    public IEnumerable<MomentPiece> Pieces(IReadOnlyList<int> weights)
    {
        foreach (var piece in _small.Pieces([.. weights.Where(weight => !_quantised.ContainsKey(weight))])) yield return piece;
        foreach (var weight in weights.Where(_quantised.ContainsKey))
        {
            var (means, roots) = _quantised[weight];
            for (long first = 0; first < means.Count; first += PieceSize)
            {
                using var scope = NewDisposeScope();
                var count = Math.Min(PieceSize, means.Count - first);
                var (mean, square) = (means.Read(first, count), roots.Read(first, count).Squared());
                yield return new MomentPiece([weight], (first, count), [mean], [square]);
                means.Write(first, mean);
                roots.Write(first, square.sqrt());
            }
        }
    }

    public (Tensor Means, Tensor Squares) Of(int weight)
    {
        if (!_quantised.TryGetValue(weight, out var numbers)) return _small.Of(weight);
        using var scope = NewDisposeScope();
        return (Whole(numbers.Means).MoveToOuterDisposeScope(), Whole(numbers.Roots).Squared().MoveToOuterDisposeScope());

        Tensor Whole(QuantisedNumbers of) => of.Read(0, of.Count).view(_shapes[weight]);
    }

    public void Keep(int weight, Tensor means, Tensor squares)
    {
        if (!_quantised.TryGetValue(weight, out var numbers))
        {
            _small.Keep(weight, means, squares);
            return;
        }

        using var scope = NewDisposeScope();
        numbers.Means.Write(0, means.reshape(-1));
        // The root of a square is the number itself: IEEE 754 rounds both to the nearest.
        numbers.Roots.Write(0, squares.reshape(-1).sqrt());
    }

    public void Dispose()
    {
        foreach (var (means, roots) in _quantised.Values)
        {
            means.Dispose();
            roots.Dispose();
        }

        _small.Dispose();
    }
}
