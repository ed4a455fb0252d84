using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>What a decoder does to single rows. Sizes are multiples of <see cref="Tiles.Lanes"/>.</summary>
internal static unsafe class RowOperations
{
    /// <summary>x / sqrt(mean(x^2) + eps) * weight (arXiv 1910.07467).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RmsNorm(float* x, float* weight, int size, double eps, float* output)
    {
        var squares = Vector512<float>.Zero;
        for (var i = 0; i < size; i += Tiles.Lanes)
        {
            var values = Vector512.Load(x + i);
            squares = Vector512.FusedMultiplyAdd(values, values, squares);
        }

        var factor = (float)(1 / Math.Sqrt(Vector512.Sum(squares) / size + eps));
        for (var i = 0; i < size; i += Tiles.Lanes) (Vector512.Load(x + i) * factor * Vector512.Load(weight + i)).Store(output + i);
    }

    /// <summary>x * cos + (x turned by half its size) * sin, with the sign of rotate_half in the sine, in place.</summary>
    public static void Rotate(float* head, int size, float* cos, float* sin)
    {
        var half = size / 2;
        for (var i = 0; i < half; i += Vector256<float>.Count)
        {
            var (low, high) = (Vector256.Load(head + i), Vector256.Load(head + half + i));
            Vector256.FusedMultiplyAdd(high, Vector256.Load(sin + i), low * Vector256.Load(cos + i)).Store(head + i);
            Vector256.FusedMultiplyAdd(low, Vector256.Load(sin + half + i), high * Vector256.Load(cos + half + i)).Store(head + half + i);
        }
    }

    /// <summary>SwiGLU (arXiv 2002.05202): gate / (1 + exp(-gate)) * up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SwiGlu(float* gate, float* up, int count, float* output)
    {
        var one = Vector512<float>.One;
        for (var i = 0; i < count; i += Tiles.Lanes)
        {
            var values = Vector512.Load(gate + i);
            (values / (one + Exponential.Of(-values)) * Vector512.Load(up + i)).Store(output + i);
        }
    }

    public static void Copy(float* from, float* to, int count) => new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(to, count));

    public static void Add(float* x, float* y, int count)
    {
        for (var i = 0; i < count; i += Tiles.Lanes) (Vector512.Load(x + i) + Vector512.Load(y + i)).Store(x + i);
    }
}
