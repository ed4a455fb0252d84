using CsCheck;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning;

public class ClippedObjectiveTests
{
    [Fact]
    public void Loss_gradients_and_clipped_tokens_equal_the_scalar_oracle() =>
        (from groups in LearningSamples.TrainingGroups from normalisation in Gen.Enum<LossNormalisation>() from seed in Gen.Int[0, 1000] select (groups, normalisation, seed)).Sample(sample =>
        {
            using var scope = NewDisposeScope();
            var minibatch = PackingPlan.Minibatches(sample.groups, 1000, sample.normalisation, seed: 1)[0];
            var random = new Random(sample.seed);
            var logProbs = minibatch.Select(group => group.Rows.Select(row => row.Row.LogProbs.Select(behaviour => (double)(float)(behaviour + random.NextDouble() * 1.6 - 0.8)).ToArray()).ToArray()).ToArray();
            var oracle = GrpoObjective.Loss([.. minibatch.Select(group => new TrainingGroup(group.PromptIds, [.. group.Rows.Select(row => row.Row)]))], logProbs, LearningSamples.Clip, sample.normalisation);

            var (loss, clipped, gradient_M) = OnTensors(minibatch, logProbs);

            Assert.Equal(oracle.Loss, loss, 1e-5);
            Assert.Equal(oracle.Clipped, clipped);
            foreach (var (expected, actual) in oracle.Gradients.SelectMany(group => group).SelectMany(row => row).Zip(gradient_M)) Assert.Equal(expected, actual, 1e-5);
        });

    private static (double Loss, long Clipped, float[] Gradient_M) OnTensors(IReadOnlyList<PackedGroup> minibatch, double[][][] logProbs)
    {
        using var rotary = new Rotary(TestModels.Config);
        var batch = new PackedTensors(PackedLayout.Of(minibatch), rotary);
        var logProbs_M = tensor(logProbs.SelectMany(group => group).SelectMany(row => row).Select(value => (float)value).ToArray()).requires_grad_(true);
        var (loss, clipped) = new ClippedObjective(LearningSamples.Clip).Evaluate(logProbs_M, batch);
        loss.backward();
        return (loss.item<float>(), clipped, logProbs_M.grad!.data<float>().ToArray());
    }
}
