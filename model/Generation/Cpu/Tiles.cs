using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>
/// Sixteen dot products side by side, or 24, which keep as many accumulators busy as both multipliers of a core need: 1 row
/// by 16 columns, 2 by 8, 4 by 4 or 6 by 4. A row is one of the left matrix, a column one of the right matrix, which lies row by row as
/// checkpoints have it. Whatever the shape, a dot product is summed in the same order: a row's result does not depend, to
/// the last bit, on how many rows are computed with it.
/// </summary>
/// <remarks>Each shape is written out: all its accumulators have to stay in registers. Optimised at once: what is called for the first time is called thousands of times.</remarks>
internal static unsafe class Tiles
{
    public const int Lanes = 16;

    public static bool IsSupported => Avx512F.IsSupported;

    /// <summary>Sums of 1 row and 16 columns, in the order of the columns.</summary>
    /// <typeparam name="T">As <see cref="Stored"/> reads it.</typeparam>
    /// <param name="w">The first column; the others follow at <paramref name="next"/> numbers each.</param>
    /// <param name="length">Of a row and a column: a multiple of <see cref="Lanes"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> OneBySixteen<T>(float* x, T* w, nint next, int length) where T : unmanaged
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
        Vector512<float> a8 = default, a9 = default, a10 = default, a11 = default, a12 = default, a13 = default, a14 = default, a15 = default;
        T* w4 = w + 4 * next, w8 = w + 8 * next, w12 = w + 12 * next;
        nint next2 = 2 * next, next3 = 3 * next;
        for (nint k = 0; k < length; k += Lanes)
        {
            var x0 = Vector512.Load(x + k);
            a0 = Add(x0, w + k, a0);
            a1 = Add(x0, w + k + next, a1);
            a2 = Add(x0, w + k + next2, a2);
            a3 = Add(x0, w + k + next3, a3);
            a4 = Add(x0, w4 + k, a4);
            a5 = Add(x0, w4 + k + next, a5);
            a6 = Add(x0, w4 + k + next2, a6);
            a7 = Add(x0, w4 + k + next3, a7);
            a8 = Add(x0, w8 + k, a8);
            a9 = Add(x0, w8 + k + next, a9);
            a10 = Add(x0, w8 + k + next2, a10);
            a11 = Add(x0, w8 + k + next3, a11);
            a12 = Add(x0, w12 + k, a12);
            a13 = Add(x0, w12 + k + next, a13);
            a14 = Add(x0, w12 + k + next2, a14);
            a15 = Add(x0, w12 + k + next3, a15);
        }

        return Sums(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15);
    }

    /// <summary>Sums of 2 rows and 8 columns: the first row's eight, then the second's.</summary>
    /// <param name="fetch">Eight times the length is brought nearer meanwhile.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> TwoByEight<T>(float* x0, float* x1, T* w, nint next, int length, T* fetch) where T : unmanaged
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default;
        var w4 = w + 4 * next;
        nint next2 = 2 * next, next3 = 3 * next;
        for (nint k = 0; k < length; k += Lanes)
        {
            Fetch(fetch + 8 * k);
            Fetch(fetch + 8 * k + 4 * Lanes);
            var (r0, r1) = (Vector512.Load(x0 + k), Vector512.Load(x1 + k));
            var c = Stored.Load(w + k);
            (a0, b0) = (Vector512.FusedMultiplyAdd(r0, c, a0), Vector512.FusedMultiplyAdd(r1, c, b0));
            c = Stored.Load(w + k + next);
            (a1, b1) = (Vector512.FusedMultiplyAdd(r0, c, a1), Vector512.FusedMultiplyAdd(r1, c, b1));
            c = Stored.Load(w + k + next2);
            (a2, b2) = (Vector512.FusedMultiplyAdd(r0, c, a2), Vector512.FusedMultiplyAdd(r1, c, b2));
            c = Stored.Load(w + k + next3);
            (a3, b3) = (Vector512.FusedMultiplyAdd(r0, c, a3), Vector512.FusedMultiplyAdd(r1, c, b3));
            c = Stored.Load(w4 + k);
            (a4, b4) = (Vector512.FusedMultiplyAdd(r0, c, a4), Vector512.FusedMultiplyAdd(r1, c, b4));
            c = Stored.Load(w4 + k + next);
            (a5, b5) = (Vector512.FusedMultiplyAdd(r0, c, a5), Vector512.FusedMultiplyAdd(r1, c, b5));
            c = Stored.Load(w4 + k + next2);
            (a6, b6) = (Vector512.FusedMultiplyAdd(r0, c, a6), Vector512.FusedMultiplyAdd(r1, c, b6));
            c = Stored.Load(w4 + k + next3);
            (a7, b7) = (Vector512.FusedMultiplyAdd(r0, c, a7), Vector512.FusedMultiplyAdd(r1, c, b7));
        }

        return Sums(a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7);
    }

    /// <summary>Sums of 4 rows and 4 columns: the first row's four, and so on.</summary>
    /// <param name="fetch">As many numbers are brought nearer meanwhile.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> FourByFour<T>(float* x0, float* x1, float* x2, float* x3, T* w, nint next, int length, T* fetch) where T : unmanaged
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default, d0 = default, d1 = default, d2 = default, d3 = default;
        nint next2 = 2 * next, next3 = 3 * next;
        for (nint k = 0; k < length; k += Lanes)
        {
            Sse.Prefetch1(fetch + k);
            var (w0, w1, w2, w3) = (Stored.Load(w + k), Stored.Load(w + k + next), Stored.Load(w + k + next2), Stored.Load(w + k + next3));
            var x = Vector512.Load(x0 + k);
            (a0, a1, a2, a3) = (Vector512.FusedMultiplyAdd(x, w0, a0), Vector512.FusedMultiplyAdd(x, w1, a1), Vector512.FusedMultiplyAdd(x, w2, a2), Vector512.FusedMultiplyAdd(x, w3, a3));
            x = Vector512.Load(x1 + k);
            (b0, b1, b2, b3) = (Vector512.FusedMultiplyAdd(x, w0, b0), Vector512.FusedMultiplyAdd(x, w1, b1), Vector512.FusedMultiplyAdd(x, w2, b2), Vector512.FusedMultiplyAdd(x, w3, b3));
            x = Vector512.Load(x2 + k);
            (c0, c1, c2, c3) = (Vector512.FusedMultiplyAdd(x, w0, c0), Vector512.FusedMultiplyAdd(x, w1, c1), Vector512.FusedMultiplyAdd(x, w2, c2), Vector512.FusedMultiplyAdd(x, w3, c3));
            x = Vector512.Load(x3 + k);
            (d0, d1, d2, d3) = (Vector512.FusedMultiplyAdd(x, w0, d0), Vector512.FusedMultiplyAdd(x, w1, d1), Vector512.FusedMultiplyAdd(x, w2, d2), Vector512.FusedMultiplyAdd(x, w3, d3));
        }

        return Sums(a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3);
    }

    /// <summary>Sums of 6 rows and 4 columns: the first four rows' sixteen, then the last two's eight.</summary>
    /// <param name="fetch">As many numbers are brought nearer meanwhile.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (Vector512<float> Four, Vector256<float> Two) SixByFour<T>(float* x0, float* x1, float* x2, float* x3, float* x4, float* x5, T* w, nint next, int length, T* fetch) where T : unmanaged
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default, d0 = default, d1 = default, d2 = default, d3 = default;
        Vector512<float> e0 = default, e1 = default, e2 = default, e3 = default, f0 = default, f1 = default, f2 = default, f3 = default;
        nint next2 = 2 * next, next3 = 3 * next;
        for (nint k = 0; k < length; k += Lanes)
        {
            Sse.Prefetch1(fetch + k);
            var (w0, w1, w2, w3) = (Stored.Load(w + k), Stored.Load(w + k + next), Stored.Load(w + k + next2), Stored.Load(w + k + next3));
            var x = Vector512.Load(x0 + k);
            (a0, a1, a2, a3) = (Vector512.FusedMultiplyAdd(x, w0, a0), Vector512.FusedMultiplyAdd(x, w1, a1), Vector512.FusedMultiplyAdd(x, w2, a2), Vector512.FusedMultiplyAdd(x, w3, a3));
            x = Vector512.Load(x1 + k);
            (b0, b1, b2, b3) = (Vector512.FusedMultiplyAdd(x, w0, b0), Vector512.FusedMultiplyAdd(x, w1, b1), Vector512.FusedMultiplyAdd(x, w2, b2), Vector512.FusedMultiplyAdd(x, w3, b3));
            x = Vector512.Load(x2 + k);
            (c0, c1, c2, c3) = (Vector512.FusedMultiplyAdd(x, w0, c0), Vector512.FusedMultiplyAdd(x, w1, c1), Vector512.FusedMultiplyAdd(x, w2, c2), Vector512.FusedMultiplyAdd(x, w3, c3));
            x = Vector512.Load(x3 + k);
            (d0, d1, d2, d3) = (Vector512.FusedMultiplyAdd(x, w0, d0), Vector512.FusedMultiplyAdd(x, w1, d1), Vector512.FusedMultiplyAdd(x, w2, d2), Vector512.FusedMultiplyAdd(x, w3, d3));
            x = Vector512.Load(x4 + k);
            (e0, e1, e2, e3) = (Vector512.FusedMultiplyAdd(x, w0, e0), Vector512.FusedMultiplyAdd(x, w1, e1), Vector512.FusedMultiplyAdd(x, w2, e2), Vector512.FusedMultiplyAdd(x, w3, e3));
            x = Vector512.Load(x5 + k);
            (f0, f1, f2, f3) = (Vector512.FusedMultiplyAdd(x, w0, f0), Vector512.FusedMultiplyAdd(x, w1, f1), Vector512.FusedMultiplyAdd(x, w2, f2), Vector512.FusedMultiplyAdd(x, w3, f3));
        }

        var last = Halves(Quads(e0, e1, e2, e3), Quads(f0, f1, f2, f3));
        return (Sums(a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3), Halves(last, last).GetLower());
    }

    /// <summary>Brings 64 numbers nearer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch<T>(T* numbers) where T : unmanaged
    {
        Sse.Prefetch1(numbers);
        Sse.Prefetch1(numbers + 2 * Lanes);
        if (sizeof(T) == sizeof(ushort)) return;
        Sse.Prefetch1(numbers + Lanes);
        Sse.Prefetch1(numbers + 3 * Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Add<T>(Vector512<float> x, T* w, Vector512<float> sum) where T : unmanaged => Vector512.FusedMultiplyAdd(x, Stored.Load(w), sum);

    /// <summary>The sum of each vector's lanes, vector i's in lane i: a transposition that adds on its way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Sums(
        Vector512<float> v0, Vector512<float> v1, Vector512<float> v2, Vector512<float> v3, Vector512<float> v4, Vector512<float> v5, Vector512<float> v6, Vector512<float> v7,
        Vector512<float> v8, Vector512<float> v9, Vector512<float> v10, Vector512<float> v11, Vector512<float> v12, Vector512<float> v13, Vector512<float> v14, Vector512<float> v15)
    {
        // Each 128-bit lane then holds one sum of its four numbers for each of four vectors.
        var (q0, q1, q2, q3) = (Quads(v0, v1, v2, v3), Quads(v4, v5, v6, v7), Quads(v8, v9, v10, v11), Quads(v12, v13, v14, v15));
        var (h0, h1) = (Halves(q0, q1), Halves(q2, q3));
        return Halves(h0, h1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Quads(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        var ab = (Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b)).AsDouble();
        var cd = (Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d)).AsDouble();
        return Avx512F.UnpackLow(ab, cd).AsSingle() + Avx512F.UnpackHigh(ab, cd).AsSingle();
    }

    /// <summary>Adds even and odd 128-bit lanes of both: a's two sums, then b's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Halves(Vector512<float> a, Vector512<float> b) =>
        Avx512F.Shuffle4x128(a, b, 0b10_00_10_00) + Avx512F.Shuffle4x128(a, b, 0b11_01_11_01);
}
