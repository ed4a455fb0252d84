using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>
/// Sums of values under weights. Whatever the shape of a step, each sum is in one order: it does not depend, to the last
/// bit, on how slots and queries are cut into steps.
/// </summary>
internal static unsafe class Mixtures
{
    /// <summary>Values that are fetched before they are needed: the processor itself does not look beyond a page.</summary>
    private const int FetchedAhead = 16;

    /// <summary>sums[q, :] (+)= Σ_s weights[q, s] · values[s, :], for <see cref="Finish"/>.</summary>
    /// <param name="size">Of a value: a multiple of <see cref="Tiles.Lanes"/>.</param>
    /// <param name="sums">Memory for four times the size a query.</param>
    /// <param name="anew">Whether sums begin at zero.</param>
    public static void Add<T>(Rows<float> weights, int queries, Rows<T> values, int slots, int size, Rows<float> sums, bool anew) where T : unmanaged
    {
        var whole = Whole(size);
        for (var query = 0; query < queries && anew; query++) new Span<float>(sums[query], whole + 4 * (size - whole)).Clear();
        for (var d = 0; d < whole; d += 4 * Tiles.Lanes)
        {
            var query = 0;
            for (; query + 4 <= queries; query += 4) FourQueries(weights, query, values.From(d), slots, sums.From(d));
            for (; query < queries; query++) OneQuery(weights[query], values.From(d), slots, sums[query] + d);
        }

        for (var query = 0; query < queries; query++)
            for (var d = whole; d < size; d += Tiles.Lanes) OneVector(weights[query], values.From(d), slots, sums[query] + whole + 4 * (d - whole));
    }

    /// <summary>A query's sums, each times a factor.</summary>
    public static void Finish(float* sums, int size, float factor, float* output)
    {
        var whole = Whole(size);
        for (var d = 0; d < whole; d += Tiles.Lanes) (Vector512.Load(sums + d) * factor).Store(output + d);
        for (var d = whole; d < size; d += Tiles.Lanes)
        {
            var four = sums + whole + 4 * (d - whole);
            ((Vector512.Load(four) + Vector512.Load(four + 16) + (Vector512.Load(four + 32) + Vector512.Load(four + 48))) * factor).Store(output + d);
        }
    }

    /// <summary>64 numbers of each value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneQuery<T>(float* weights, Rows<T> values, int slots, float* sums) where T : unmanaged
    {
        Vector512<float> a0 = Vector512.Load(sums), a1 = Vector512.Load(sums + 16), a2 = Vector512.Load(sums + 32), a3 = Vector512.Load(sums + 48);
        var value = values[0];
        for (var s = 0; s < slots; s++, value += values.Stride)
        {
            Tiles.Fetch(value + FetchedAhead * values.Stride);
            var weight = Vector512.Create(weights[s]);
            a0 = Vector512.FusedMultiplyAdd(weight, Stored.Load(value), a0);
            a1 = Vector512.FusedMultiplyAdd(weight, Stored.Load(value + 16), a1);
            a2 = Vector512.FusedMultiplyAdd(weight, Stored.Load(value + 32), a2);
            a3 = Vector512.FusedMultiplyAdd(weight, Stored.Load(value + 48), a3);
        }

        Store(a0, a1, a2, a3, sums);
    }

    /// <summary>64 numbers of each value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourQueries<T>(Rows<float> weights, int query, Rows<T> values, int slots, Rows<float> sums) where T : unmanaged
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
            var (v0, v1, v2, v3) = (Stored.Load(value), Stored.Load(value + 16), Stored.Load(value + 32), Stored.Load(value + 48));
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

    /// <summary>16 numbers of each value, in four sums, so that an addition need not wait for the last. Steps begin at a multiple of four slots.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneVector<T>(float* weights, Rows<T> values, int slots, float* sums) where T : unmanaged
    {
        Vector512<float> a0 = Vector512.Load(sums), a1 = Vector512.Load(sums + 16), a2 = Vector512.Load(sums + 32), a3 = Vector512.Load(sums + 48);
        var s = 0;
        for (; s + 4 <= slots; s += 4)
        {
            a0 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[s]), Stored.Load(values[s]), a0);
            a1 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[s + 1]), Stored.Load(values[s + 1]), a1);
            a2 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[s + 2]), Stored.Load(values[s + 2]), a2);
            a3 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[s + 3]), Stored.Load(values[s + 3]), a3);
        }

        for (; s < slots; s++) a0 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[s]), Stored.Load(values[s]), a0);
        Store(a0, a1, a2, a3, sums);
    }

    /// <summary>Numbers of a value that are summed by fours of vectors; the others have four sums each.</summary>
    private static int Whole(int size) => size / (4 * Tiles.Lanes) * (4 * Tiles.Lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<float> a0, Vector512<float> a1, Vector512<float> a2, Vector512<float> a3, float* sums)
    {
        a0.Store(sums);
        a1.Store(sums + 16);
        a2.Store(sums + 32);
        a3.Store(sums + 48);
    }
}
