using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Transformer;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Tests.Learning;

public class LearnerStepTests
{
    [Fact]
    public void A_step_in_memory_has_the_bits_of_the_learners_own()
    {
        using var folder = new TemporaryFolder();
        using var learner = LearnerSamples.Learner(folder);
        var expected = learner.Update(LearnerSamples.Spec, 1, folder["0"], LearnerSamples.Groups(1), folder["1"], TestContext.Current.CancellationToken);
        using var model = CheckpointFolder.Load(folder["0"]);
        using var step = new LearnerStep(model, LearnerSamples.Spec, threads: 1);

        var summary = step.Run(1, LearnerSamples.Batch(LearnerSamples.Groups(1)), TimeProvider.System, TestContext.Current.CancellationToken);

        using var published = CheckpointFolder.Load(folder["1"]);
        Assert.Equal(expected with { Seconds = 0, Skipped = [] }, summary with { Seconds = 0, Skipped = [] });
        Assert.Equal(Bytes(published), Bytes(model));
    }

    [Fact]
    public void Rollouts_of_the_policy_itself_are_corrected_by_nothing()
    {
        var onPolicy = OnPolicy();
        var (plain, corrected) = (Run(onPolicy, null), Run(onPolicy, 2));
        Assert.Equal(plain.Weights, corrected.Weights);
        Assert.Equal((0, 0, null), (corrected.Summary.MaxLogProbMismatch, corrected.Summary.TruncatedFraction, plain.Summary.TruncatedFraction));
    }

    [Theory]
    [InlineData("grpo", 4, 2, 0)]
    [InlineData("grpo", 1.5, 1.5, 1)]
    [InlineData("gspo", 4, 2, 0)]
    [InlineData("cispo", 1.5, 1.5, 1)]
    public void Rollouts_of_a_policy_that_found_them_half_as_likely_count_twice_up_to_the_bound(string loss, double cap, double weight, double truncated)
    {
        var onPolicy = OnPolicy();
        var behaviour = onPolicy.Select(group => group with { Rows = [.. group.Rows.Select(row => row with { LogProbs = [.. row.LogProbs.Select(logProb => logProb - MathF.Log(2))] })] }).ToList();
        var (expected, corrected) = (Run(onPolicy, null, loss).Summary, Run(behaviour, cap, loss).Summary);
        Assert.Equal(weight, corrected.GradientNorm / expected.GradientNorm, 1e-4);
        Assert.Equal(truncated, corrected.TruncatedFraction);
        Assert.Equal(Math.Log(2), corrected.MaxLogProbMismatch, 1e-5);
        Assert.Equal(expected.ClipFraction, corrected.ClipFraction);
    }

    [Fact]
    public void A_log_prob_that_is_no_number_skips_the_update_and_is_not_reported_as_a_difference()
    {
        var groups = OnPolicy();
        groups[0].Rows[0].LogProbs[0] = float.NaN;
        var summary = Run(groups, 2).Summary;
        Assert.Equal((0, 1), (summary.Updates, summary.SkippedUpdates));
        Assert.True(double.IsFinite(summary.MaxLogProbMismatch));
    }

    /// <summary>One minibatch, so that the model is the same for all of it.</summary>
    private static (byte[] Weights, LearningSummary Summary) Run(IReadOnlyList<TrainingGroup> groups, double? cap, string loss = "grpo")
    {
        var learning = LossPresets.Of(loss) with { MinibatchRows = 1000, LearningRate = 1e-3, ImportanceCap = cap };
        using var model = DecoderModel.Random(TestModels.Config, seed: 3);
        using var step = new LearnerStep(model, LearnerSamples.Spec with { Learning = learning });
        var summary = step.Run(1, LearnerSamples.Batch(groups), TimeProvider.System, TestContext.Current.CancellationToken);
        return (Bytes(model), summary);
    }

    /// <summary>Groups with the log-probs that the model of <see cref="Run"/> gives them in the passes of its learner.</summary>
    private static List<TrainingGroup> OnPolicy()
    {
        using var model = DecoderModel.Random(TestModels.Config, seed: 3);
        using var optimiser = new AdamW(model);
        using var threads = new ShardThreads(1);
        using var trainer = new PolicyTrainer(model, optimiser, threads);
        var groups = LearnerSamples.Groups(1);
        var minibatch = PackingPlan.Minibatches(groups, 1000, LearningSamples.TokenMean, Seeds.For(LearnerSamples.Spec.Seed, "minibatches/1"))[0];
        var logProbs = trainer.LogProbs(minibatch, LearningSamples.Rule);
        return [.. groups.Select(group => group with { Rows = [.. group.Rows.Select(row => row with { LogProbs = logProbs[row] })] })];
    }

    private static byte[] Bytes(DecoderModel model) => [.. model.Parameters.SelectMany(parameter => parameter.bytes.ToArray())];
}
