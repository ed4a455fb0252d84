using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>
/// Dot products of some rows with 64 columns of <see cref="Panels"/>: a number of a row is multiplied with 16 columns at once, so that
/// nothing is added across lanes. Whatever the number of rows, a dot product is summed in the order of its numbers: a row's
/// result does not depend, to the last bit, on how many rows are computed with it.
/// </summary>
/// <remarks>Each number of rows is written out: all its accumulators have to stay in registers. Optimised at once: what is called for the first time is called thousands of times.</remarks>
internal static unsafe class PanelTiles
{
    /// <summary>Of four panels.</summary>
    public const int Columns = 4 * Lanes;

    private const int Lanes = Panels.Columns;

    /// <summary>Numbers of a column that are fetched before they are needed: the processor itself does not look beyond a page.</summary>
    private const int FetchedAhead = 16;

    /// <summary>y[0, :] (+)= x[0, :] · w. As the others, of 1, 2, 4 and 6 rows.</summary>
    /// <param name="y">Of each row 64 numbers are written.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One<T>(Rows<float> x, Panels<T> w, int length, Rows<float> y, bool add) where T : unmanaged
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
        var x0 = x[0];
        T* w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
        for (nint k = 0; k < length; k++)
        {
            Fetch(w0 + Lanes * k);
            Fetch(w1 + Lanes * k);
            Fetch(w2 + Lanes * k);
            Fetch(w3 + Lanes * k);
            var (v0, v1, v2, v3) = (Stored.Load(w0 + Lanes * k), Stored.Load(w1 + Lanes * k), Stored.Load(w2 + Lanes * k), Stored.Load(w3 + Lanes * k));
            var number = Vector512.Create(x0[k]);
            (a0, a1, a2, a3) = (Vector512.FusedMultiplyAdd(number, v0, a0), Vector512.FusedMultiplyAdd(number, v1, a1), Vector512.FusedMultiplyAdd(number, v2, a2), Vector512.FusedMultiplyAdd(number, v3, a3));
        }

        Store(a0, a1, a2, a3, y[0], add);
    }

    /// <summary>As <see cref="One"/>, of two rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Two<T>(Rows<float> x, Panels<T> w, int length, Rows<float> y, bool add) where T : unmanaged
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default;
        var x0 = x[0];
        T* w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
        nint stride = x.Stride;
        for (nint k = 0; k < length; k++)
        {
            Fetch(w0 + Lanes * k);
            Fetch(w1 + Lanes * k);
            Fetch(w2 + Lanes * k);
            Fetch(w3 + Lanes * k);
            var (v0, v1, v2, v3) = (Stored.Load(w0 + Lanes * k), Stored.Load(w1 + Lanes * k), Stored.Load(w2 + Lanes * k), Stored.Load(w3 + Lanes * k));
            var number = Vector512.Create(x0[k]);
            (a0, a1, a2, a3) = (Vector512.FusedMultiplyAdd(number, v0, a0), Vector512.FusedMultiplyAdd(number, v1, a1), Vector512.FusedMultiplyAdd(number, v2, a2), Vector512.FusedMultiplyAdd(number, v3, a3));
            number = Vector512.Create(x0[k + stride]);
            (b0, b1, b2, b3) = (Vector512.FusedMultiplyAdd(number, v0, b0), Vector512.FusedMultiplyAdd(number, v1, b1), Vector512.FusedMultiplyAdd(number, v2, b2), Vector512.FusedMultiplyAdd(number, v3, b3));
        }

        Store(a0, a1, a2, a3, y[0], add);
        Store(b0, b1, b2, b3, y[1], add);
    }

    /// <summary>As <see cref="One"/>, of four rows; what is at <paramref name="next"/> is brought nearer meanwhile, a step of bytes for each number of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four<T>(Rows<float> x, Panels<T> w, int length, Rows<float> y, bool add, byte* next, nint step) where T : unmanaged
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default;
        Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default;
        Vector512<float> d0 = default, d1 = default, d2 = default, d3 = default;
        var x0 = x[0];
        T* w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
        nint stride = x.Stride;
        for (nint k = 0; k < length; k++, next += step)
        {
            Sse.Prefetch1(next);
            var (v0, v1, v2, v3) = (Stored.Load(w0 + Lanes * k), Stored.Load(w1 + Lanes * k), Stored.Load(w2 + Lanes * k), Stored.Load(w3 + Lanes * k));
            var number = Vector512.Create(x0[k]);
            (a0, a1, a2, a3) = (Vector512.FusedMultiplyAdd(number, v0, a0), Vector512.FusedMultiplyAdd(number, v1, a1), Vector512.FusedMultiplyAdd(number, v2, a2), Vector512.FusedMultiplyAdd(number, v3, a3));
            number = Vector512.Create(x0[k + stride]);
            (b0, b1, b2, b3) = (Vector512.FusedMultiplyAdd(number, v0, b0), Vector512.FusedMultiplyAdd(number, v1, b1), Vector512.FusedMultiplyAdd(number, v2, b2), Vector512.FusedMultiplyAdd(number, v3, b3));
            number = Vector512.Create(x0[k + 2 * stride]);
            (c0, c1, c2, c3) = (Vector512.FusedMultiplyAdd(number, v0, c0), Vector512.FusedMultiplyAdd(number, v1, c1), Vector512.FusedMultiplyAdd(number, v2, c2), Vector512.FusedMultiplyAdd(number, v3, c3));
            number = Vector512.Create(x0[k + 3 * stride]);
            (d0, d1, d2, d3) = (Vector512.FusedMultiplyAdd(number, v0, d0), Vector512.FusedMultiplyAdd(number, v1, d1), Vector512.FusedMultiplyAdd(number, v2, d2), Vector512.FusedMultiplyAdd(number, v3, d3));
        }

        Store(a0, a1, a2, a3, y[0], add);
        Store(b0, b1, b2, b3, y[1], add);
        Store(c0, c1, c2, c3, y[2], add);
        Store(d0, d1, d2, d3, y[3], add);
    }

    /// <summary>As <see cref="Four"/>, of six rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Six<T>(Rows<float> x, Panels<T> w, int length, Rows<float> y, bool add, byte* next, nint step) where T : unmanaged
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default;
        Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default;
        Vector512<float> d0 = default, d1 = default, d2 = default, d3 = default;
        Vector512<float> e0 = default, e1 = default, e2 = default, e3 = default;
        Vector512<float> f0 = default, f1 = default, f2 = default, f3 = default;
        float* x0 = x[0], x3 = x[3];
        T* w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
        nint stride = x.Stride;
        for (nint k = 0; k < length; k++, next += step)
        {
            Sse.Prefetch1(next);
            var (v0, v1, v2, v3) = (Stored.Load(w0 + Lanes * k), Stored.Load(w1 + Lanes * k), Stored.Load(w2 + Lanes * k), Stored.Load(w3 + Lanes * k));
            var number = Vector512.Create(x0[k]);
            (a0, a1, a2, a3) = (Vector512.FusedMultiplyAdd(number, v0, a0), Vector512.FusedMultiplyAdd(number, v1, a1), Vector512.FusedMultiplyAdd(number, v2, a2), Vector512.FusedMultiplyAdd(number, v3, a3));
            number = Vector512.Create(x0[k + stride]);
            (b0, b1, b2, b3) = (Vector512.FusedMultiplyAdd(number, v0, b0), Vector512.FusedMultiplyAdd(number, v1, b1), Vector512.FusedMultiplyAdd(number, v2, b2), Vector512.FusedMultiplyAdd(number, v3, b3));
            number = Vector512.Create(x0[k + 2 * stride]);
            (c0, c1, c2, c3) = (Vector512.FusedMultiplyAdd(number, v0, c0), Vector512.FusedMultiplyAdd(number, v1, c1), Vector512.FusedMultiplyAdd(number, v2, c2), Vector512.FusedMultiplyAdd(number, v3, c3));
            number = Vector512.Create(x3[k]);
            (d0, d1, d2, d3) = (Vector512.FusedMultiplyAdd(number, v0, d0), Vector512.FusedMultiplyAdd(number, v1, d1), Vector512.FusedMultiplyAdd(number, v2, d2), Vector512.FusedMultiplyAdd(number, v3, d3));
            number = Vector512.Create(x3[k + stride]);
            (e0, e1, e2, e3) = (Vector512.FusedMultiplyAdd(number, v0, e0), Vector512.FusedMultiplyAdd(number, v1, e1), Vector512.FusedMultiplyAdd(number, v2, e2), Vector512.FusedMultiplyAdd(number, v3, e3));
            number = Vector512.Create(x3[k + 2 * stride]);
            (f0, f1, f2, f3) = (Vector512.FusedMultiplyAdd(number, v0, f0), Vector512.FusedMultiplyAdd(number, v1, f1), Vector512.FusedMultiplyAdd(number, v2, f2), Vector512.FusedMultiplyAdd(number, v3, f3));
        }

        Store(a0, a1, a2, a3, y[0], add);
        Store(b0, b1, b2, b3, y[1], add);
        Store(c0, c1, c2, c3, y[2], add);
        Store(d0, d1, d2, d3, y[3], add);
        Store(e0, e1, e2, e3, y[4], add);
        Store(f0, f1, f2, f3, y[5], add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch<T>(T* panel) where T : unmanaged => Sse.Prefetch0(panel + FetchedAhead * Lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<float> a0, Vector512<float> a1, Vector512<float> a2, Vector512<float> a3, float* y, bool add)
    {
        (add ? Vector512.Load(y) + a0 : a0).Store(y);
        (add ? Vector512.Load(y + Lanes) + a1 : a1).Store(y + Lanes);
        (add ? Vector512.Load(y + 2 * Lanes) + a2 : a2).Store(y + 2 * Lanes);
        (add ? Vector512.Load(y + 3 * Lanes) + a3 : a3).Store(y + 3 * Lanes);
    }
}
