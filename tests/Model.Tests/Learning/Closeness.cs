using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning;

internal static class Closeness
{
    /// <summary>Largest difference, relative to the largest expected value.</summary>
    public static void AssertClose(Tensor expected, Tensor actual, double tolerance)
    {
        using var scope = NewDisposeScope();
        var scale = Math.Max(1e-3, expected.abs().max().to(ScalarType.Float64).item<double>());
        Assert.InRange((expected - actual).abs().max().to(ScalarType.Float64).item<double>(), 0, tolerance * scale);
    }
}
