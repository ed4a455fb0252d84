using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KnapsackCloud.Model.Generation.Cpu;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Learning.Cpu;

/// <summary>Softmax of a row of scores, and its gradient. Widths are multiples of <see cref="Tiles.Lanes"/>.</summary>
internal static unsafe class RowSoftmax
{
    private static readonly Vector512<float> Lane = Vector512.Create(0f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

    /// <summary>Sixteen scores, of which so many, or all where there are more, are of keys; the others are minus infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> OfKeys(Vector512<float> scores, int keys) =>
        Vector512.ConditionalSelect(Vector512.LessThan(Lane, Vector512.Create((float)keys)), scores, Vector512.Create(float.NegativeInfinity));

    /// <summary>Probabilities in place of scores: softmax(scores scale). At least one is finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward(float* scores, int width, float scale)
    {
        var most = Vector512.Load(scores);
        for (var column = Tiles.Lanes; column < width; column += Tiles.Lanes) most = Vector512.Max(most, Vector512.Load(scores + column));
        var (largest, factor, sums) = (Vector512.Create(Maximum.Of(most)), Vector512.Create(scale), Vector512<float>.Zero);
        for (var column = 0; column < width; column += Tiles.Lanes)
        {
            var exponentials = Exponential.Of((Vector512.Load(scores + column) - largest) * factor);
            exponentials.Store(scores + column);
            sums += exponentials;
        }

        var share = Vector512.Create(1 / Vector512.Sum(sums));
        for (var column = 0; column < width; column += Tiles.Lanes) (Vector512.Load(scores + column) * share).Store(scores + column);
    }

    /// <summary>The gradient of scores in place of that of their probabilities: p (dp - sum p dp) scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Backward(float* probabilities, float* byProbabilities, int width, float scale)
    {
        var sums = Vector512<float>.Zero;
        for (var column = 0; column < width; column += Tiles.Lanes) sums = Vector512.FusedMultiplyAdd(Vector512.Load(byProbabilities + column), Vector512.Load(probabilities + column), sums);
        var (mean, factor) = (Vector512.Create(Vector512.Sum(sums)), Vector512.Create(scale));
        for (var column = 0; column < width; column += Tiles.Lanes)
            (Vector512.Load(probabilities + column) * (Vector512.Load(byProbabilities + column) - mean) * factor).Store(byProbabilities + column);
    }
}
