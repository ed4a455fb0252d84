using CsCheck;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning;

public class PackedGradientTests
{
    [Fact]
    public void Packed_loss_and_gradients_equal_those_of_separate_rows() =>
        (from config in TestModels.Configs from groups in LearningSamples.PackedGroups from passes in Gen.Bool from temperature in Gen.Double[0.5, 2] select (config, groups, passes, temperature))
            .Sample(sample => AssertEqualToUnpacked(sample.config, sample.groups, sample.passes, sample.temperature), iter: 60);

    [Fact]
    public void So_do_those_of_long_prompts() =>
        (from config in TestModels.Configs from groups in LearningSamples.LongPackedGroups select (config with { MaxPositionEmbeddings = 96 }, groups))
            .Sample(sample => AssertEqualToUnpacked(sample.Item1, sample.groups, inPasses: false, temperature: 1), iter: 20);

    [Fact]
    public void Gradients_are_the_finite_differences_of_the_loss()
    {
        using var scope = NewDisposeScope();
        var config = TestModels.Config with { HiddenSize = 8, IntermediateSize = 6, NumAttentionHeads = 2, NumKeyValueHeads = 1, HeadDim = 4 };
        using var single = DecoderModel.Random(config, seed: 3);
        using var model = LearningSamples.InDouble(single);
        var groups = LearningSamples.Minibatch(1);
        using var shard = new GradientShard(model);
        var random = new Random(1);
        var checkedWeights = 0;
        foreach (var (parameter, gradient) in model.Parameters.Zip(shard.Gradient.Views))
        {
            for (var i = 0; i < 4; i++)
            {
                var at = random.NextInt64(parameter.numel());
                var difference = Difference(shard, parameter.view(-1), at, groups);
                Compute(shard, groups);
                Assert.Equal(difference, gradient.view(-1)[at].item<double>(), 1e-6 * Math.Max(1, Math.Abs(difference)));
                if (Math.Abs(difference) > 1e-4) checkedWeights++;
            }
        }

        Assert.True(checkedWeights > 20, $"only {checkedWeights} of the drawn weights have a gradient");
    }

    [Fact]
    public void Rows_without_advantage_contribute_exactly_nothing()
    {
        using var scope = NewDisposeScope();
        using var model = DecoderModel.Random(TestModels.Config, seed: 3);
        var groups = LearningSamples.Minibatch(1)
            .Select(group => group with { Rows = [.. group.Rows.Select(row => row with { Row = row.Row with { Advantage = 0 } })] }).ToArray();
        using var shard = new GradientShard(model);

        var result = Compute(shard, groups);

        Assert.Equal(0, result.Loss);
        Assert.Equal(0, shard.Gradient.Flat_W.count_nonzero().item<long>());
    }

    [Fact]
    public void Chunks_of_the_head_change_nothing()
    {
        using var scope = NewDisposeScope();
        // More rows than a chunk of a large vocabulary holds.
        var (rows, width, vocabulary) = (70, 4, 70_000);
        manual_seed(1);
        var (head_VxD, hidden_MD) = (randn(vocabulary, width), randn(rows, width));
        var (targets_M, weights_M) = (randint(0, vocabulary, new long[] { rows }, dtype: ScalarType.Int64), randn(rows));
        var (tracked_VxD, trackedHidden_MD) = (head_VxD.clone().requires_grad_(true), hidden_MD.clone().requires_grad_(true));
        var expected_M = (nn.functional.linear(trackedHidden_MD, tracked_VxD) / 0.7).log_softmax(-1).gather(1, targets_M.unsqueeze(1)).squeeze(1);
        (expected_M * weights_M).sum().backward();

        var head = new LogProbHead(head_VxD, 0.7);
        var (logProbs_M, entropySum) = head.Forward(hidden_MD, targets_M);
        var headGradient_VxD = zeros_like(head_VxD);
        var gradient_MD = head.Backward(hidden_MD, targets_M, weights_M, headGradient_VxD);

        AssertClose(expected_M, logProbs_M, 1e-5);
        AssertClose(trackedHidden_MD.grad!, gradient_MD, 1e-5);
        AssertClose(tracked_VxD.grad!, headGradient_VxD, 1e-5);
        Assert.InRange(entropySum, 1, rows * Math.Log(vocabulary));
    }

    private static void AssertEqualToUnpacked(ModelConfig config, PackedGroup[] groups, bool inPasses, double temperature)
    {
        using var scope = NewDisposeScope();
        using var model = DecoderModel.Random(config, seed: 3);
        var (loss, gradients) = LearningSamples.Unpacked(model, groups, temperature);
        using var shard = new GradientShard(model);
        var passes = PackingPlan.Microbatches(groups, new MicrobatchBudget(inPasses ? 400 : long.MaxValue / 1000, 10, 1));

        var result = shard.Compute(passes, new ClippedObjective(LearningSamples.Clip), temperature);

        Assert.Equal(loss.item<float>(), result.Loss, 1e-5 * Math.Max(1, Math.Abs(result.Loss)));
        foreach (var (expected, gradient) in gradients.Zip(shard.Gradient.Views)) AssertClose(expected, gradient, 1e-4);
    }

    private static MinibatchResult Compute(GradientShard shard, IReadOnlyList<PackedGroup> groups) =>
        shard.Compute([groups], new ClippedObjective(LearningSamples.Clip), temperature: 1);

    private static double Difference(GradientShard shard, Tensor weights_W, long at, IReadOnlyList<PackedGroup> groups)
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
            return Compute(shard, groups).Loss;
        }
    }

    /// <summary>Largest difference, relative to the largest expected value.</summary>
    private static void AssertClose(Tensor expected, Tensor actual, double tolerance)
    {
        var scale = Math.Max(1e-3, expected.abs().max().to(ScalarType.Float64).item<double>());
        Assert.InRange((expected - actual).abs().max().to(ScalarType.Float64).item<double>(), 0, tolerance * scale);
    }
}
