using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>
/// Sums of values under weights. Whatever the shape of a step, each sum is of one value after another: it does not depend,
/// to the last bit, on how slots and queries are cut into steps.
/// </summary>
internal static unsafe class Mixtures
{
    /// <summary>Values that are fetched before they are needed: the processor itself does not look beyond a page.</summary>
    private const int FetchedAhead = 16;

    /// <summary>sums[q, :] (+)= Σ_s weights[q, s] · values[s, :].</summary>
    /// <param name="size">Of a value: a multiple of <see cref="Tiles.Lanes"/>.</param>
    /// <param name="anew">Whether sums begin at zero.</param>
    public static void Add(Rows weights, int queries, Rows values, int slots, int size, Rows sums, bool anew)
    {
        if (anew)
            for (var query = 0; query < queries; query++) new Span<float>(sums[query], size).Clear();
        var d = 0;
        for (; d + 4 * Tiles.Lanes <= size; d += 4 * Tiles.Lanes)
        {
            var query = 0;
            for (; query + 4 <= queries; query += 4) FourQueries(weights, query, values.From(d), slots, sums.From(d));
            for (; query < queries; query++) OneQuery(weights[query], values.From(d), slots, sums[query] + d);
        }

        for (; d < size; d += Tiles.Lanes)
            for (var query = 0; query < queries; query += 8) EightQueries(weights, query, Math.Min(8, queries - query), values.From(d), slots, sums.From(d));
    }

    /// <summary>64 numbers of each value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneQuery(float* weights, Rows values, int slots, float* sums)
    {
        Vector512<float> a0 = Vector512.Load(sums), a1 = Vector512.Load(sums + 16), a2 = Vector512.Load(sums + 32), a3 = Vector512.Load(sums + 48);
        var value = values[0];
        for (var s = 0; s < slots; s++, value += values.Stride)
        {
            Tiles.Fetch(value + FetchedAhead * values.Stride);
            var weight = Vector512.Create(weights[s]);
            a0 = Vector512.FusedMultiplyAdd(weight, Vector512.Load(value), a0);
            a1 = Vector512.FusedMultiplyAdd(weight, Vector512.Load(value + 16), a1);
            a2 = Vector512.FusedMultiplyAdd(weight, Vector512.Load(value + 32), a2);
            a3 = Vector512.FusedMultiplyAdd(weight, Vector512.Load(value + 48), a3);
        }

        Store(a0, a1, a2, a3, sums);
    }

    /// <summary>64 numbers of each value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourQueries(Rows weights, int query, Rows values, int slots, Rows sums)
    {
        float* s0 = sums[query], s1 = sums[query + 1], s2 = sums[query + 2], s3 = sums[query + 3];
        float* w0 = weights[query], w1 = weights[query + 1], w2 = weights[query + 2], w3 = weights[query + 3];
        Vector512<float> a0 = Vector512.Load(s0), a1 = Vector512.Load(s0 + 16), a2 = Vector512.Load(s0 + 32), a3 = Vector512.Load(s0 + 48);
        Vector512<float> b0 = Vector512.Load(s1), b1 = Vector512.Load(s1 + 16), b2 = Vector512.Load(s1 + 32), b3 = Vector512.Load(s1 + 48);
        Vector512<float> c0 = Vector512.Load(s2), c1 = Vector512.Load(s2 + 16), c2 = Vector512.Load(s2 + 32), c3 = Vector512.Load(s2 + 48);
        Vector512<float> d0 = Vector512.Load(s3), d1 = Vector512.Load(s3 + 16), d2 = Vector512.Load(s3 + 32), d3 = Vector512.Load(s3 + 48);
        var value = values[0];
        for (var s = 0; s < slots; s++, value += values.Stride)
        {
            var (v0, v1, v2, v3) = (Vector512.Load(value), Vector512.Load(value + 16), Vector512.Load(value + 32), Vector512.Load(value + 48));
            var w = Vector512.Create(w0[s]);
            (a0, a1, a2, a3) = (Vector512.FusedMultiplyAdd(w, v0, a0), Vector512.FusedMultiplyAdd(w, v1, a1), Vector512.FusedMultiplyAdd(w, v2, a2), Vector512.FusedMultiplyAdd(w, v3, a3));
            w = Vector512.Create(w1[s]);
            (b0, b1, b2, b3) = (Vector512.FusedMultiplyAdd(w, v0, b0), Vector512.FusedMultiplyAdd(w, v1, b1), Vector512.FusedMultiplyAdd(w, v2, b2), Vector512.FusedMultiplyAdd(w, v3, b3));
            w = Vector512.Create(w2[s]);
            (c0, c1, c2, c3) = (Vector512.FusedMultiplyAdd(w, v0, c0), Vector512.FusedMultiplyAdd(w, v1, c1), Vector512.FusedMultiplyAdd(w, v2, c2), Vector512.FusedMultiplyAdd(w, v3, c3));
            w = Vector512.Create(w3[s]);
            (d0, d1, d2, d3) = (Vector512.FusedMultiplyAdd(w, v0, d0), Vector512.FusedMultiplyAdd(w, v1, d1), Vector512.FusedMultiplyAdd(w, v2, d2), Vector512.FusedMultiplyAdd(w, v3, d3));
        }

        Store(a0, a1, a2, a3, s0);
        Store(b0, b1, b2, b3, s1);
        Store(c0, c1, c2, c3, s2);
        Store(d0, d1, d2, d3, s3);
    }

    /// <summary>16 numbers of each value, for as many queries as hide the time of an addition; where there are fewer the last one is computed several times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EightQueries(Rows weights, int query, int count, Rows values, int slots, Rows sums)
    {
        var last = query + count - 1;
        int q1 = Math.Min(query + 1, last), q2 = Math.Min(query + 2, last), q3 = Math.Min(query + 3, last), q4 = Math.Min(query + 4, last), q5 = Math.Min(query + 5, last), q6 = Math.Min(query + 6, last);
        float* w0 = weights[query], w1 = weights[q1], w2 = weights[q2], w3 = weights[q3], w4 = weights[q4], w5 = weights[q5], w6 = weights[q6], w7 = weights[last];
        Vector512<float> a0 = Vector512.Load(sums[query]), a1 = Vector512.Load(sums[q1]), a2 = Vector512.Load(sums[q2]), a3 = Vector512.Load(sums[q3]);
        Vector512<float> a4 = Vector512.Load(sums[q4]), a5 = Vector512.Load(sums[q5]), a6 = Vector512.Load(sums[q6]), a7 = Vector512.Load(sums[last]);
        var value = values[0];
        for (var s = 0; s < slots; s++, value += values.Stride)
        {
            var v = Vector512.Load(value);
            a0 = Vector512.FusedMultiplyAdd(Vector512.Create(w0[s]), v, a0);
            a1 = Vector512.FusedMultiplyAdd(Vector512.Create(w1[s]), v, a1);
            a2 = Vector512.FusedMultiplyAdd(Vector512.Create(w2[s]), v, a2);
            a3 = Vector512.FusedMultiplyAdd(Vector512.Create(w3[s]), v, a3);
            a4 = Vector512.FusedMultiplyAdd(Vector512.Create(w4[s]), v, a4);
            a5 = Vector512.FusedMultiplyAdd(Vector512.Create(w5[s]), v, a5);
            a6 = Vector512.FusedMultiplyAdd(Vector512.Create(w6[s]), v, a6);
            a7 = Vector512.FusedMultiplyAdd(Vector512.Create(w7[s]), v, a7);
        }

        a0.Store(sums[query]);
        a1.Store(sums[q1]);
        a2.Store(sums[q2]);
        a3.Store(sums[q3]);
        a4.Store(sums[q4]);
        a5.Store(sums[q5]);
        a6.Store(sums[q6]);
        a7.Store(sums[last]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<float> a0, Vector512<float> a1, Vector512<float> a2, Vector512<float> a3, float* sums)
    {
        a0.Store(sums);
        a1.Store(sums + 16);
        a2.Store(sums + 32);
        a3.Store(sums + 48);
    }
}
