using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning.Moments;

/// <summary>As the weights themselves: eight bytes a weight for both.</summary>
/// <param name="device">Where they are; null is the process's.</param>
internal sealed class FloatMoments(IReadOnlyList<Tensor> weights, Device? device = null) : IMoments
{
    private readonly ParameterBuffer _means = new(weights, device);
    private readonly ParameterBuffer _squares = new(weights, device);

    public IEnumerable<MomentPiece> Pieces(IReadOnlyList<int> weights) =>
        weights.Count == 0 ? [] : [new MomentPiece(weights, null, [.. weights.Select(weight => _means.Views[weight])], [.. weights.Select(weight => _squares.Views[weight])])];

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
