using KnapsackCloud.Model.Generation.Cpu;

namespace KnapsackCloud.Model.Tests;

/// <summary>Arrays that kernels compute on.</summary>
internal static class KernelNumbers
{
    /// <summary>Sines, another sequence for each phase.</summary>
    public static float[] Sines(int count, int phase)
    {
        var numbers = new float[count];
        for (var i = 0; i < count; i++) numbers[i] = MathF.Sin(i + phase);
        return numbers;
    }

    public static void SkipWithoutKernels() => Assert.SkipUnless(Tiles.IsSupported, "this processor has no AVX-512: the tensor library computes");
}
