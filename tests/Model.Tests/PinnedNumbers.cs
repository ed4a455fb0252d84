using System.Runtime.CompilerServices;
using KnapsackCloud.Model.Generation.Cpu;

namespace KnapsackCloud.Model.Tests;

/// <summary>Arrays that kernels compute on.</summary>
internal static unsafe class PinnedNumbers
{
    /// <summary>Sines, another sequence for each phase.</summary>
    public static float[] Sines(int count, int phase)
    {
        var numbers = Zeros(count);
        for (var i = 0; i < count; i++) numbers[i] = MathF.Sin(i + phase);
        return numbers;
    }

    /// <summary>At least one, so that it has a place.</summary>
    public static float[] Zeros(int count) => GC.AllocateArray<float>(Math.Max(1, count), pinned: true);

    public static float* At(float[] pinned) => (float*)Unsafe.AsPointer(ref pinned[0]);

    public static void SkipWithoutKernels() => Assert.SkipUnless(Tiles.IsSupported, "this processor has no AVX-512: the tensor library computes");
}
