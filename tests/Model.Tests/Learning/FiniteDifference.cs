using KnapsackCloud.Model.Learning;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning;

/// <summary>The loss's slope in one weight, from the loss alone: what gradients are held to.</summary>
internal static class FiniteDifference
{
    public static double Of(GradientShard shard, Tensor weights_W, long at, IReadOnlyList<PackedGroup> groups, UpdateRule rule)
    {
        const double Small = 1e-6;
        using var frozen = no_grad();
        var original = weights_W[at].item<double>();
        var difference = (LossAt(original + Small) - LossAt(original - Small)) / (2 * Small);
        weights_W[at] = original;
        return difference;

        double LossAt(double value)
        {
            weights_W[at] = value;
            using var tracked = enable_grad();
            return shard.Compute([groups], rule).Loss;
        }
    }
}
