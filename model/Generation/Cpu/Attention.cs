using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>Attention of one row's newest token, for the query heads that share a key-value head.</summary>
internal static unsafe class Attention
{
    /// <summary>Scores are computed for whole groups of so many slots, as far as there are slots.</summary>
    public const int SlotBlock = 16;

    /// <param name="q">The heads' queries, one after another.</param>
    /// <param name="keys">[slots, size]; slots beyond the length hold finite numbers.</param>
    /// <param name="length">Slots that are looked at.</param>
    /// <param name="scores">Memory for [heads, slots rounded up to <see cref="SlotBlock"/>].</param>
    /// <param name="output">Like q.</param>
    public static void Attend(float* q, int heads, int size, float* keys, float* values, int length, int slots, Rows scores, float* output)
    {
        var computed = Math.Min(slots, RoundedUp(length));
        Products.Multiply(new Rows(q, size), heads, new Rows(keys, size), (0, computed), size, scores);
        var scale = 1 / MathF.Sqrt(size);
        for (var head = 0; head < heads; head++)
        {
            var total = Softmax(scores[head], length, scale);
            Mix(scores[head], values, length, size, 1 / total, output + head * size);
        }
    }

    public static int RoundedUp(int slots) => (slots + SlotBlock - 1) / SlotBlock * SlotBlock;

    /// <summary>Sets scores to exp((score - largest) * scale), 0 beyond the length, and returns their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Softmax(float* scores, int length, float scale)
    {
        var end = RoundedUp(length);
        for (var s = length; s < end; s++) scores[s] = float.NegativeInfinity;
        var most = Vector512.Load(scores);
        for (var s = Tiles.Lanes; s < end; s += Tiles.Lanes) most = Vector512.Max(most, Vector512.Load(scores + s));
        var largest = Vector512.Create(Largest(most));
        var (factor, sums) = (Vector512.Create(scale), Vector512<float>.Zero);
        for (var s = 0; s < end; s += Tiles.Lanes)
        {
            var exponentials = Vector512.Exp((Vector512.Load(scores + s) - largest) * factor);
            exponentials.Store(scores + s);
            sums += exponentials;
        }

        return Vector512.Sum(sums);
    }

    private static float Largest(Vector512<float> lanes)
    {
        var quarters = Vector256.Max(lanes.GetLower(), lanes.GetUpper());
        var four = Vector128.Max(quarters.GetLower(), quarters.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3]));
    }

    /// <summary>The values' mean under the weights.</summary>
    private static void Mix(float* weights, float* values, int length, int size, float factor, float* output)
    {
        var d = 0;
        for (; d + 4 * Tiles.Lanes <= size; d += 4 * Tiles.Lanes) MixFour(weights, values + d, length, size, factor, output + d);
        for (; d < size; d += Tiles.Lanes) MixOne(weights, values + d, length, size, factor, output + d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MixFour(float* weights, float* values, int length, int size, float factor, float* output)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
        for (var s = 0; s < length; s++, values += size)
        {
            var weight = Vector512.Create(weights[s]);
            a0 = Vector512.FusedMultiplyAdd(weight, Vector512.Load(values), a0);
            a1 = Vector512.FusedMultiplyAdd(weight, Vector512.Load(values + 16), a1);
            a2 = Vector512.FusedMultiplyAdd(weight, Vector512.Load(values + 32), a2);
            a3 = Vector512.FusedMultiplyAdd(weight, Vector512.Load(values + 48), a3);
        }

        (a0 * factor).Store(output);
        (a1 * factor).Store(output + 16);
        (a2 * factor).Store(output + 32);
        (a3 * factor).Store(output + 48);
    }

    /// <summary>Four sums, so that one addition need not wait for the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MixOne(float* weights, float* values, int length, int size, float factor, float* output)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
        var s = 0;
        for (; s + 4 <= length; s += 4, values += 4 * size)
        {
            a0 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[s]), Vector512.Load(values), a0);
            a1 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[s + 1]), Vector512.Load(values + size), a1);
            a2 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[s + 2]), Vector512.Load(values + 2 * size), a2);
            a3 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[s + 3]), Vector512.Load(values + 3 * size), a3);
        }

        for (; s < length; s++, values += size) a0 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[s]), Vector512.Load(values), a0);
        ((a0 + a1 + (a2 + a3)) * factor).Store(output);
    }
}
