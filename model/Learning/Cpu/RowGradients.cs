using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KnapsackCloud.Model.Generation.Cpu;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Learning.Cpu;

/// <summary>The way back through <see cref="RowOperations"/>. Sizes are multiples of <see cref="Tiles.Lanes"/>.</summary>
internal static unsafe class RowGradients
{
    /// <summary>
    /// Of y = x r w with r = 1 / sqrt(mean(x^2) + eps): adds r (w dy) - x r^3 mean(x w dy) to dx, and x r dy to dw, unless that is null.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RmsNorm(float* x, float* weight, float* byOutput, int size, double eps, float* byInput, float* byWeight)
    {
        var (squares, products) = (Vector512<float>.Zero, Vector512<float>.Zero);
        for (var i = 0; i < size; i += Tiles.Lanes)
        {
            var values = Vector512.Load(x + i);
            squares = Vector512.FusedMultiplyAdd(values, values, squares);
            products = Vector512.FusedMultiplyAdd(values * Vector512.Load(weight + i), Vector512.Load(byOutput + i), products);
        }

        var factor = 1 / Math.Sqrt(Vector512.Sum(squares) / size + eps);
        var (r, along) = (Vector512.Create((float)factor), Vector512.Create((float)(factor * factor * factor * Vector512.Sum(products) / size)));
        for (var i = 0; i < size; i += Tiles.Lanes)
        {
            var (values, gradient) = (Vector512.Load(x + i), Vector512.Load(byOutput + i) * r);
            (Vector512.Load(byInput + i) + gradient * Vector512.Load(weight + i) - values * along).Store(byInput + i);
            if (byWeight is not null) Vector512.FusedMultiplyAdd(values, gradient, Vector512.Load(byWeight + i)).Store(byWeight + i);
        }
    }

    /// <summary>Of y = g s u with s = 1 / (1 + exp(-g)): dg = dy u s (1 + g (1 - s)) and du = dy g s, in place of g and u.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SwiGlu(float* gate, float* up, float* byOutput, int count)
    {
        var one = Vector512<float>.One;
        for (var i = 0; i < count; i += Tiles.Lanes)
        {
            var (g, u, gradient) = (Vector512.Load(gate + i), Vector512.Load(up + i), Vector512.Load(byOutput + i));
            var s = one / (one + Exponential.Of(-g));
            (gradient * u * s * (one + g * (one - s))).Store(gate + i);
            (gradient * g * s).Store(up + i);
        }
    }

    /// <summary>The gradient of a head before its rotation, in place of that after it: turned by the same angle, the other way.</summary>
    public static void Rotate(float* head, int size, float* cos, float* sin)
    {
        var half = size / 2;
        for (var i = 0; i < half; i += Vector256<float>.Count)
        {
            var (low, high) = (Vector256.Load(head + i), Vector256.Load(head + half + i));
            Vector256.FusedMultiplyAdd(high, Vector256.Load(sin + half + i), low * Vector256.Load(cos + i)).Store(head + i);
            Vector256.FusedMultiplyAdd(low, Vector256.Load(sin + i), high * Vector256.Load(cos + half + i)).Store(head + half + i);
        }
    }
}
