using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Learning.Objectives;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning;

/// <summary>The losses through the whole model: what an update does with them.</summary>
public class VariantTests
{
    private static readonly Random Draws = new(1);

    public static TheoryData<string> Losses { get; } = [.. LossPresets.Names];

    [Theory]
    [MemberData(nameof(Losses))]
    public void Gradients_through_the_model_are_the_finite_differences_of_the_loss(string loss)
    {
        using var scope = NewDisposeScope();
        var config = TestModels.Config with { HiddenSize = 8, IntermediateSize = 6, NumAttentionHeads = 2, NumKeyValueHeads = 1, HeadDim = 4 };
        using var single = DecoderModel.Random(config, seed: 3);
        using var other = DecoderModel.Random(config, seed: 4);
        using var model = LearningSamples.InDouble(single);
        using var reference = LearningSamples.InDouble(other);
        // Clip ranges are wide: a finite difference across a bend is no derivative. Clipped importance has no differences.
        var learning = LossPresets.Of(loss) with { Loss = loss == LossPresets.Cispo ? LossPresets.Grpo : loss, ClipLow = 1, ClipHigh = 100, KlCoefficient = 0.2, EntropyBonus = 0.3 };
        var rule = new UpdateRule(ObjectiveFactory.Of(learning), Temperature: 0.8, reference);
        using var shard = new GradientShard(LearningReplica.OfWeights(model));
        var groups = LearningSamples.Minibatch(1);
        foreach (var (parameter, gradient) in model.Parameters.Zip(shard.Gradient.Views))
        {
            var at = Draws.NextInt64(parameter.numel());
            var difference = FiniteDifference.Of(shard, parameter.view(-1), at, groups, rule);
            shard.Compute([groups], rule);
            Assert.Equal(difference, gradient.view(-1)[at].item<double>(), 1e-6 * Math.Max(1, Math.Abs(difference)));
        }
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void Cutting_a_minibatch_into_passes_changes_no_loss(string loss)
    {
        using var scope = NewDisposeScope();
        using var model = DecoderModel.Random(TestModels.Config, seed: 3);
        using var reference = DecoderModel.Random(TestModels.Config, seed: 4);
        var rule = new UpdateRule(ObjectiveFactory.Of(LossPresets.Of(loss) with { KlCoefficient = 0.2, EntropyBonus = 0.3 }), Reference: reference);
        var groups = LearningSamples.Minibatch(2);
        using var whole = new GradientShard(LearningReplica.OfWeights(model));
        using var cut = new GradientShard(LearningReplica.OfWeights(model));

        var expected = whole.Compute([groups], rule);
        var actual = cut.Compute(PackingPlan.Microbatches(groups, new MicrobatchBudget(400, 10, 1)), rule);

        Assert.Equal(expected.Loss, actual.Loss, 1e-5);
        Assert.Equal(expected.Clipped, actual.Clipped);
        Assert.Equal(expected.ReferenceKlSum, actual.ReferenceKlSum, 1e-3);
        Closeness.AssertClose(whole.Gradient.Flat_W, cut.Gradient.Flat_W, 1e-4);
    }

    [Fact]
    public void A_penalty_holds_the_policy_to_its_reference()
    {
        using var folder = new TemporaryFolder();
        using var learner = LearnerSamples.Learner(folder);

        var free = Drift(learner, folder, "free", 1e-9);
        var held = Drift(learner, folder, "held", 30);

        Assert.InRange(free, 0.1, 10);
        Assert.InRange(held, 0, 0.5 * free);
    }

    [Fact]
    public void A_bonus_keeps_entropy_up()
    {
        using var folder = new TemporaryFolder();
        using var learner = LearnerSamples.Learner(folder);

        Assert.True(Entropy(learner, folder, "with", 3) > Entropy(learner, folder, "without", 0) + 0.05);
    }

    [Fact]
    public void A_token_mean_over_all_rollouts_makes_smaller_gradients_when_few_are_effective()
    {
        using var folder = new TemporaryFolder();
        using var learner = LearnerSamples.Learner(folder);
        var batch = LearnerSamples.Batch(LearnerSamples.Groups(1));

        var all = Norm(batch, "all");
        var half = Norm(batch with { RolloutTokens = 2 * batch.RolloutTokens }, "half");

        Assert.Equal(0.5 * all, half, 1e-4 * all);

        double Norm(TrainingBatch batch, string name)
        {
            var spec = LearnerSamples.Spec with { Learning = new LearningSpec { Normalisation = "token", MinibatchRows = 1000 } };
            return learner.Update(spec, new LearningInput { Step = 1, BaseFolder = folder["0"], Batch = batch }, folder[name], TestContext.Current.CancellationToken).GradientNorm;
        }
    }

    /// <summary>Divergence from policy 0 after some steps.</summary>
    private static double Drift(GrpoLearner learner, TemporaryFolder folder, string name, double coefficient) =>
        Train(learner, folder, name, LearnerSamples.Spec.Learning with { KlCoefficient = coefficient }, folder["0"]).ReferenceKl!.Value;

    private static double Entropy(GrpoLearner learner, TemporaryFolder folder, string name, double bonus)
    {
        var summary = Train(learner, folder, name, LearnerSamples.Spec.Learning with { EntropyBonus = bonus }, null);
        Assert.Null(summary.ReferenceKl);
        return summary.Entropy;
    }

    private static LearningSummary Train(GrpoLearner learner, TemporaryFolder folder, string name, LearningSpec learning, string? reference)
    {
        LearningSummary? last = null;
        for (var step = 1; step <= 6; step++)
        {
            var input = new LearningInput
            {
                Step = step,
                BaseFolder = step == 1 ? folder["0"] : folder[$"{name}{step - 1}"],
                ReferenceFolder = reference,
                Batch = LearnerSamples.Batch(LearnerSamples.Groups(step)),
            };
            last = learner.Update(LearnerSamples.Spec with { Learning = learning }, input, folder[$"{name}{step}"], TestContext.Current.CancellationToken);
        }

        return last!;
    }
}
