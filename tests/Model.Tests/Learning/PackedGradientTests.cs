using CsCheck;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning;

public class PackedGradientTests
{
    /// <summary>Allowed differences of the loss, and of gradients relative to what they are added up from.</summary>
    public static TheoryData<ScalarType, double, double> Precisions { get; } = new() { { ScalarType.Float64, 1e-6, 1e-6 }, { ScalarType.Float32, 1e-5, 1e-4 } };

    [Theory]
    [MemberData(nameof(Precisions))]
    public void Packed_loss_and_gradients_equal_those_of_separate_rows(ScalarType precision, double lossTolerance, double tolerance) =>
        (from config in TestModels.Configs from groups in LearningSamples.PackedGroups from passes in Gen.Bool from temperature in Gen.Double[0.5, 2] select (config, groups, passes, temperature))
            .Sample(sample => AssertEqualToUnpacked(sample.config, sample.groups, sample.passes, sample.temperature, (precision, lossTolerance, tolerance)), iter: 60);

    [Theory]
    [MemberData(nameof(Precisions))]
    public void So_do_those_of_long_prompts(ScalarType precision, double lossTolerance, double tolerance) =>
        (from config in TestModels.Configs from groups in LearningSamples.LongPackedGroups select (config with { MaxPositionEmbeddings = 96 }, groups))
            .Sample(sample => AssertEqualToUnpacked(sample.Item1, sample.groups, inPasses: false, temperature: 1, (precision, lossTolerance, tolerance)), iter: 20);

    [Fact]
    public void Layers_made_again_on_the_way_back_give_the_same_bits() =>
        (from config in TestModels.Configs from groups in LearningSamples.PackedGroups from passes in Gen.Bool select (config, groups, passes)).Sample(sample =>
        {
            using var model = DecoderModel.Random(sample.config, seed: 3);
            using var kept = new GradientShard(LearningReplica.OfWeights(model));
            using var again = new GradientShard(LearningReplica.OfWeights(model));
            var passes = PackingPlan.Microbatches(sample.groups, new MicrobatchBudget(sample.passes ? 400 : long.MaxValue / 1000, 10, 1));
            Assert.Equal(kept.Compute(passes, LearningSamples.Rule), again.Compute(passes, LearningSamples.Rule with { Recompute = true }));
            Assert.Equal(kept.Gradient.Flat_W.data<float>().ToArray(), again.Gradient.Flat_W.data<float>().ToArray());
        }, iter: 40);

    [Fact]
    public void Gradients_are_the_finite_differences_of_the_loss()
    {
        using var scope = NewDisposeScope();
        var config = TestModels.Config with { HiddenSize = 8, IntermediateSize = 6, NumAttentionHeads = 2, NumKeyValueHeads = 1, HeadDim = 4 };
        using var single = DecoderModel.Random(config, seed: 3);
        using var model = LearningSamples.InDouble(single);
        var groups = LearningSamples.Minibatch(1);
        using var shard = new GradientShard(LearningReplica.OfWeights(model));
        var random = new Random(1);
        var checkedWeights = 0;
        foreach (var (parameter, gradient) in model.Parameters.Zip(shard.Gradient.Views))
        {
            for (var i = 0; i < 4; i++)
            {
                var at = random.NextInt64(parameter.numel());
                var difference = FiniteDifference.Of(shard, parameter.view(-1), at, groups, LearningSamples.Rule);
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
        using var shard = new GradientShard(LearningReplica.OfWeights(model));

        var result = Compute(shard, groups);

        Assert.Equal(0, result.Loss);
        Assert.Equal(0, shard.Gradient.Flat_W.count_nonzero().item<long>());
    }

    /// <summary>
    /// In double the two differ by no more than weights of rows, which are single, round: nothing hides there, and every gradient is compared
    /// at the size of its own parts. In single, where other code computes the head, the largest gives the scale; norms of two or three numbers
    /// near zero would multiply rounding, whichever way gradients are computed: models are wider there.
    /// </summary>
    private static void AssertEqualToUnpacked(
        ModelConfig config, PackedGroup[] groups, bool inPasses, double temperature, (ScalarType Precision, double Loss, double Gradient) tolerance)
    {
        using var model = DecoderModel.Random(tolerance.Precision == ScalarType.Float64 ? config : config with { HiddenSize = config.HiddenSize + 14, HeadDim = config.HeadDim + 8 }, seed: 3);
        AssertEqualToUnpacked(model, groups, inPasses, temperature, tolerance);
    }

    /// <param name="model">In single precision.</param>
    internal static void AssertEqualToUnpacked(
        DecoderModel model, PackedGroup[] groups, bool inPasses, double temperature, (ScalarType Precision, double Loss, double Gradient) tolerance)
    {
        using var scope = NewDisposeScope();
        var isDouble = tolerance.Precision == ScalarType.Float64;
        using var exact = LearningSamples.InDouble(model);
        var (loss, gradients, parts, lossParts) = LearningSamples.Unpacked(exact, groups, temperature);
        using var shard = new GradientShard(LearningReplica.OfWeights(isDouble ? exact : model));
        var passes = PackingPlan.Microbatches(groups, new MicrobatchBudget(inPasses ? 400 : long.MaxValue / 1000, 10, 1));

        var result = shard.Compute(passes, LearningSamples.Rule with { Temperature = temperature });

        Assert.Equal(loss, result.Loss, tolerance.Loss * Math.Max(1, Math.Abs(loss)));
        foreach (var (expected, gradient, part) in gradients.Zip(shard.Gradient.Views, parts))
        {
            var scale = isDouble ? Math.Max(1e-3, part) : Math.Max(lossParts, parts.Max());
            Assert.InRange((expected - gradient).abs().max().item<double>(), 0, tolerance.Gradient * scale);
        }
    }

    private static MinibatchResult Compute(GradientShard shard, IReadOnlyList<PackedGroup> groups) =>
        shard.Compute([groups], LearningSamples.Rule);
}
