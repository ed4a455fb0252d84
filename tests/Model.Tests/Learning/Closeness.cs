using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning;

internal static class Closeness
{
    /// <summary>Largest difference, relative to the largest expected value.</summary>
    /// <param name="atLeast">Where that one is smaller, relative to this.</param>
    public static void AssertClose(Tensor expected, Tensor actual, double tolerance, double atLeast = 1e-3)
    {
        var scale = Math.Max(atLeast, expected.abs().max().to(ScalarType.Float64).item<double>());
        Assert.InRange((expected - actual).abs().max().to(ScalarType.Float64).item<double>(), 0, tolerance * scale);
    }
}
