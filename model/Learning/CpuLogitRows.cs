using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// For float32 on a CPU: a row is read for its largest number, and again for its sums or its gradient while it is near, where tensor operations read and write all rows
/// ten times. Row by row, so results do not depend on the other rows.
/// </summary>
internal sealed class CpuLogitRows : ILogitRows
{
    /// <summary>Numbers that are added in single precision; sums of them in double.</summary>
    private const int BlockSize = 1_024;

    private static int Lanes => Vector512<float>.Count;

    /// <inheritdoc/>
    public LogitSums Sums(Tensor logits_CV, Tensor targets_C)
    {
        var (rows, vocabulary) = ((int)logits_CV.shape[0], (int)logits_CV.shape[1]);
        float[] logProbs = new float[rows], entropies = new float[rows], logSums = new float[rows];
        var all = Numbers<float>(logits_CV);
        var targets = Numbers<long>(targets_C);
        for (var row = 0; row < rows; row++)
        {
            var logits = all.Slice(row * vocabulary, vocabulary);
            // Where it is not a number, so are all three: the update is refused then.
            var most = Maximum.Of(logits);
            var (sum, weighted) = Exponentials(logits, most);
            var logSum = Math.Log(sum);
            logProbs[row] = (float)(logits[(int)targets[row]] - (double)most - logSum);
            entropies[row] = (float)(logSum - weighted / sum);
            logSums[row] = (float)logSum;
        }

        return new(tensor(logProbs), tensor(entropies), tensor(logSums));
    }

    /// <inheritdoc/>
    public void ToGradient(Tensor logits_CV, Tensor logSums_C, Tensor targets_C, Tensor byLogProb_C, (Tensor Values_C, Tensor ByEntropy_C)? entropies)
    {
        using var scope = NewDisposeScope();
        ReadOnlySpan<float> logSums = Numbers<float>(logSums_C), byLogProb = Numbers<float>(byLogProb_C);
        var values = entropies is { } given ? Numbers<float>(given.Values_C) : default;
        var byEntropy = entropies is { } with ? Numbers<float>(with.ByEntropy_C) : default;
        var all = MemoryMarshal.Cast<byte, float>(logits_CV.bytes);
        var targets = Numbers<long>(targets_C);
        var vocabulary = (int)logits_CV.shape[1];
        for (var row = 0; row < logSums.Length; row++)
        {
            var logits = all.Slice(row * vocabulary, vocabulary);
            var weight = byEntropy.IsEmpty ? 0 : byEntropy[row];
            // The factor of p is a + b ln p.
            ToGradient(logits, Maximum.Of(logits), logSums[row], -byLogProb[row] - (weight == 0 ? 0 : weight * values[row]), -weight);
            logits[(int)targets[row]] += byLogProb[row];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToGradient(Span<float> logits, float most, float logSum, float a, float b)
    {
        var at = 0;
        for (; at <= logits.Length - Lanes; at += Lanes) Gradient(Vector512.Create<float>(logits[at..])).CopyTo(logits[at..]);
        if (at == logits.Length) return;
        Span<float> rest = stackalloc float[Lanes];
        logits[at..].CopyTo(rest);
        Gradient(Vector512.Create<float>(rest)).CopyTo(rest);
        rest[..(logits.Length - at)].CopyTo(logits[at..]);

        Vector512<float> Gradient(Vector512<float> values)
        {
            var logProbs = values - Vector512.Create(most) - Vector512.Create(logSum);
            return Exponential.Of(logProbs) * Vector512.FusedMultiplyAdd(logProbs, Vector512.Create(b), Vector512.Create(a));
        }
    }

    /// <summary>Sums of exp(z - most) and of the same times z - most.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (double Sum, double Weighted) Exponentials(ReadOnlySpan<float> logits, float most)
    {
        var (sum, weighted) = (0.0, 0.0);
        Span<float> rest = stackalloc float[Lanes];
        for (var block = 0; block < logits.Length; block += BlockSize)
        {
            var values = logits.Slice(block, Math.Min(BlockSize, logits.Length - block));
            var (sums, products) = (Vector512<float>.Zero, Vector512<float>.Zero);
            var at = 0;
            for (; at <= values.Length - Lanes; at += Lanes) Add(Vector512.Create(values[at..]) - Vector512.Create(most), ref sums, ref products);
            if (at < values.Length)
            {
                // What is beyond the end counts nothing: its exponential is 0, and its product too.
                rest.Fill(float.MinValue);
                for (var i = at; i < values.Length; i++) rest[i - at] = values[i] - most;
                Add(Vector512.Create<float>(rest), ref sums, ref products);
            }

            sum += Vector512.Sum(sums);
            weighted += Vector512.Sum(products);
        }

        return (sum, weighted);

        static void Add(Vector512<float> below, ref Vector512<float> sums, ref Vector512<float> products)
        {
            var exponentials = Exponential.Of(below);
            sums += exponentials;
            products = Vector512.FusedMultiplyAdd(exponentials, below, products);
        }
    }

    /// <summary>A copy where they do not lie one after another.</summary>
    private static ReadOnlySpan<T> Numbers<T>(Tensor numbers_C) where T : struct => MemoryMarshal.Cast<byte, T>(numbers_C.contiguous().bytes);
}
