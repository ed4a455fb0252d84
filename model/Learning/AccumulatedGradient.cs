using KnapsackCloud.Core.Learn;
using KnapsackCloud.Model.Transformer;
using TorchSharp;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// The mean of gradients that are to become one update, by the sizes of what they were made of. A mean in place of a sum is never larger
/// than the largest of them, so that it is finite where they are. Takes memory, a number a weight, with the first; owns it.
/// </summary>
/// <param name="weights">What the gradients are of; stay the caller's.</param>
internal sealed class AccumulatedGradient(IReadOnlyList<Tensor> weights) : IDisposable
{
    private ParameterBuffer? _mean;

    /// <summary>Of all that was added, as <see cref="NormalisationRule.Size"/>.</summary>
    public double Size { get; private set; }

    /// <summary>What the gradients were made of; 0 when there is none.</summary>
    public int Rows { get; private set; }

    /// <summary>Null when there is none.</summary>
    public ParameterBuffer? Mean => Rows > 0 ? _mean : null;

    /// <param name="size">Above 0.</param>
    /// <param name="rows">What the gradient was made of, 1 or more.</param>
    public void Add(ParameterBuffer gradient, double size, int rows)
    {
        AddNothing(size);
        Rows += rows;
        var mean_W = Storage().Flat_W;
        using var scope = NewDisposeScope();
        using var share = (size / Size).ToScalar();
        mean_W.add_(gradient.Flat_W, share);
    }

    /// <summary>Rollouts without a gradient, where the mean goes over them too.</summary>
    public void AddNothing(double size)
    {
        if (Mean is { } mean) mean.Flat_W.Scale(Size / (Size + size));
        Size += size;
    }

    /// <summary>Goes on from what was saved.</summary>
    /// <returns>The storage of the mean, to be filled; null when there is none.</returns>
    public ParameterBuffer? Restore(double size, int rows)
    {
        Clear();
        (Size, Rows) = (size, rows);
        return rows > 0 ? Storage() : null;
    }

    public void Clear()
    {
        (Size, Rows) = (0, 0);
        using var scope = NewDisposeScope();
        _mean?.Flat_W.zero_();
    }

    private ParameterBuffer Storage() => _mean ??= new ParameterBuffer(weights);

    public void Dispose() => _mean?.Dispose();
}
