using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>
/// Attention of some rows' newest tokens, for the query heads that share a key-value head: scores, their softmax and the
/// values' mean under it. Slots may be looked at in several steps, each for other queries, in ascending order. Every
/// query's result is, to the last bit, the same whatever the steps.
/// </summary>
/// <param name="queries">[queries, size] of the head.</param>
/// <param name="scores">Memory for [queries, slots rounded up to <see cref="SlotBlock"/>].</param>
/// <param name="sums">Memory for [queries, four times the size].</param>
internal readonly unsafe struct Attention(int size, Rows<float> queries, Rows<float> scores, Rows<float> sums)
{
    /// <summary>Scores are computed for whole groups of so many slots, as far as there are slots.</summary>
    public const int SlotBlock = 16;

    /// <summary>Queries from the first on, one after another.</summary>
    public float* Query(int query) => queries[query];

    public static int RoundedUp(int slots) => (slots + SlotBlock - 1) / SlotBlock * SlotBlock;

    /// <param name="keys">[slots, size]; slots beyond the range hold finite numbers.</param>
    /// <param name="slots">First, a multiple of <see cref="SlotBlock"/>, and end.</param>
    public void Score<T>(int query, int count, T* keys, (int First, int End) slots) where T : unmanaged =>
        Products.Multiply(new Rows<float>(queries[query], size), count, new Rows<T>(keys, size), slots, size, new Rows<float>(scores[query], scores.Stride));

    /// <summary>After all scores: their exponentials, which <see cref="Mix"/> weighs values with. Returns the exponentials' sum.</summary>
    /// <param name="length">Slots that the query looks at.</param>
    /// <param name="scored">Slots that have scores: at least as many.</param>
    public float Softmax(int query, int length, int scored) => Softmax(scores[query], length, RoundedUp(scored), 1 / MathF.Sqrt(size));

    /// <summary>Adds the values, each times its weight; from slot 0 on it begins anew.</summary>
    public void Mix<T>(int query, int count, T* values, (int First, int End) slots) where T : unmanaged
    {
        var (first, end) = slots;
        if (first >= end) return;
        Mixtures.Add(new Rows<float>(scores[query] + first, scores.Stride), count, new Rows<T>(values + (nint)first * size, size), end - first, size, new Rows<float>(sums[query], sums.Stride), anew: first == 0);
    }

    /// <summary>The mean: what was added, divided by the exponentials' sum.</summary>
    public void Finish(int query, float total, float* output) => Mixtures.Finish(sums[query], size, 1 / total, output);

    /// <summary>Sets scores to exp((score - largest) * scale), 0 beyond the length, and returns their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Softmax(float* scores, int length, int end, float scale)
    {
        for (var s = length; s < end; s++) scores[s] = float.NegativeInfinity;
        var most = Vector512.Load(scores);
        for (var s = Tiles.Lanes; s < end; s += Tiles.Lanes) most = Vector512.Max(most, Vector512.Load(scores + s));
        var largest = Vector512.Create(Maximum.Of(most));
        var (factor, sums) = (Vector512.Create(scale), Vector512<float>.Zero);
        for (var s = 0; s < end; s += Tiles.Lanes)
        {
            var exponentials = Exponential.Of((Vector512.Load(scores + s) - largest) * factor);
            exponentials.Store(scores + s);
            sums += exponentials;
        }

        return Vector512.Sum(sums);
    }
}
