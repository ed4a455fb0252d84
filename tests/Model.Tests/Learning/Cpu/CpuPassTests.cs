using CsCheck;
using KnapsackCloud.Model.Generation.Cpu;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Learning.Cpu;
using KnapsackCloud.Model.Learning.Objectives;
using KnapsackCloud.Model.Transformer;
using static KnapsackCloud.Model.Tests.KernelNumbers;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning.Cpu;

public class CpuPassTests
{
    private static readonly Gen<ModelConfig> Configs =
        TestModels.ConfigsOfWholeVectors.Select(config => config with { MaxPositionEmbeddings = 96 });

    [Fact]
    public void Loss_and_gradients_equal_those_of_separate_rows()
    {
        SkipWithoutKernels();
        (from config in Configs from groups in Gen.OneOf(LearningSamples.PackedGroups, LearningSamples.LongPackedGroups) from passes in Gen.Bool from temperature in Gen.Double[0.5, 2] select (config, groups, passes, temperature)).Sample(sample =>
        {
            using var model = TestModels.Disturbed(sample.config, 3);
            Assert.True(CpuPass.Supports(model));
            PackedGradientTests.AssertEqualToUnpacked(model, sample.groups, sample.passes, sample.temperature, (ScalarType.Float32, 1e-5, 1e-4));
        }, iter: 80);
    }

    [Fact]
    public void What_was_computed_before_leaves_no_trace()
    {
        SkipWithoutKernels();
        (from config in Configs from groups in LearningSamples.PackedGroups from before in LearningSamples.LongPackedGroups select (config, groups, before)).Sample(sample =>
        {
            using var model = TestModels.Disturbed(sample.config, 3);
            using GradientShard fresh = new(LearningReplica.OfWeights(model)), used = new(LearningReplica.OfWeights(model));
            used.Compute([sample.before], LearningSamples.Rule);

            Assert.Equal(fresh.Compute([sample.groups], LearningSamples.Rule), used.Compute([sample.groups], LearningSamples.Rule));

            Assert.Equal(fresh.Gradient.Flat_W.data<float>().ToArray(), used.Gradient.Flat_W.data<float>().ToArray());
        }, iter: 30);
    }

    [Fact]
    public void Weights_that_changed_since_are_seen_and_log_probs_are_those_that_the_loss_is_of()
    {
        SkipWithoutKernels();
        using var scope = NewDisposeScope();
        var groups = LearningSamples.Minibatch(1);
        using var model = DecoderModel.Random(TestModels.Config with { HeadDim = 16, HiddenSize = 32, IntermediateSize = 48 }, 1);
        using var shard = new GradientShard(LearningReplica.OfWeights(model));
        var before = LogProbs();
        using (no_grad()) model.Layers[1].Output_DxQ.Scale(3);

        var after = LogProbs();

        Assert.NotEqual(before, after);
        var learned = groups.SelectMany(group => group.Rows).SelectMany(row => row.Row.LogProbs).Zip(after, (old, now) => Math.Abs(now - old)).Max();
        Assert.Equal(learned, shard.Compute([groups], LearningSamples.Rule).MaxMismatch, 1e-6);

        Assert.All(after.Zip(LogProbs(lean: true)), pair => Assert.Equal(pair.First, pair.Second, 1e-4));

        float[] LogProbs(bool lean = false) => [.. shard.LogProbs([groups], temperature: 1, lean).SelectMany(row => row.LogProbs)];
    }

    [Fact]
    public void A_reference_policy_is_computed_as_the_tensor_library_does()
    {
        SkipWithoutKernels();
        (from config in Configs from groups in Gen.OneOf(LearningSamples.PackedGroups, LearningSamples.LongPackedGroups) from other in LearningSamples.PackedGroups select (config, groups, other)).Sample(sample =>
        {
            using DecoderModel model = TestModels.Disturbed(sample.config, 3), reference = TestModels.Disturbed(sample.config, 4);
            var rule = LearningSamples.Rule with { Objective = new SumObjective([LearningSamples.Rule.Objective, new KlObjective(0.2)]), Reference = reference };
            using GradientShard byKernels = new(LearningReplica.OfWeights(model)), byLibrary = new(LearningReplica.OfWeights(model));

            var actual = byKernels.Compute([sample.other, sample.groups], rule);

            var expected = byLibrary.Compute([sample.other, sample.groups], rule with { Recompute = true });
            Assert.Equal(expected.ReferenceKlSum, actual.ReferenceKlSum, 1e-4 * Math.Max(1, expected.ReferenceKlSum));
            Closeness.AssertClose(byLibrary.Gradient.Flat_W, byKernels.Gradient.Flat_W, 1e-3);
            // Of itself no policy differs, to the last bit.
            Assert.Equal(0, byKernels.Compute([sample.groups], rule with { Reference = model }).ReferenceKlSum);
        }, iter: 30);
    }

    [Fact]
    public unsafe void Products_of_matrices_as_they_lie_are_those_of_double_precision()
    {
        SkipWithoutKernels();
        Gen.Select(Gen.Int[1, 30], Gen.Int[1, 9], Gen.Int[1, 40], Gen.Bool, Gen.Bool).Sample((half, vectors, length, turned, add) =>
        {
            int rows = MatrixProducts.Padded(2 * half), columns = Tiles.Lanes * vectors;
            float[] a = Sines(rows * length, 1), b = Sines(length * columns, 2), c = Sines(rows * columns, 3), before = [.. c];
            fixed (float* atA = a, atB = b, atC = c)
            {
                var left = turned ? new LeftMatrix(atA, 1, rows) : new LeftMatrix(atA, length, 1);
                MatrixProducts.Multiply(left, new Rows<float>(atB, columns), new Rows<float>(atC, columns), rows, columns, length, add);
            }

            for (var row = 0; row < rows; row++)
            {
                for (var column = 0; column < columns; column++)
                {
                    double expected = add ? before[row * columns + column] : 0;
                    for (var k = 0; k < length; k++) expected += (double)a[turned ? k * rows + row : row * length + k] * b[k * columns + column];
                    Assert.Equal(expected, c[row * columns + column], 1e-5 * Math.Max(1, length));
                }
            }
        }, iter: 100, threads: 1);
    }
}
