using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Model.Generation;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Learning.Objectives;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning;

public class PolicyTrainerTests
{
    private static readonly OptimiserSettings Settings = new(0.9, 0.95, 0, GradientNorm: 1);

    [Fact]
    public void Two_threads_give_the_bits_of_shards_run_one_after_the_other()
    {
        var together = Train(threads: 2);

        Assert.Equal(together, Train(threads: 2));
        Assert.Equal(together, Train(threads: 1));
    }

    [Fact]
    public void Sharding_changes_the_gradient_by_no_more_than_rounding()
    {
        using var scope = NewDisposeScope();
        using var model = DecoderModel.Random(TestModels.Config, seed: 3);
        var minibatch = LearningSamples.Minibatch(1);
        var (loss, gradients, _, _) = LearningSamples.Unpacked(model, minibatch, temperature: 1);
        var norm = Math.Sqrt(gradients.Sum(gradient => Math.Pow(gradient.norm().item<float>(), 2)));
        using var threads = new ShardThreads(2);
        using var optimiser = new AdamW(model);
        using var trainer = new PolicyTrainer(model, optimiser, threads);

        var result = trainer.Update(minibatch, LearningSamples.Rule, 1e-3, Settings);

        Assert.Equal(loss, result.Loss, 1e-5);
        Assert.Equal(norm, result.GradientNorm, 1e-4 * norm);
    }

    [Fact]
    public void Gradients_above_the_norm_are_scaled_down_to_it()
    {
        using var scope = NewDisposeScope();
        using var threads = new ShardThreads(1);
        using var model = DecoderModel.Random(TestModels.Config, seed: 3);
        using var optimiser = new AdamW(model);
        using var trainer = new PolicyTrainer(model, optimiser, threads);

        var result = trainer.Update(LearningSamples.Minibatch(1), LearningSamples.Rule, 1e-3, Settings with { GradientNorm = 0.01 });

        // The first moment after one update is (1 - beta1) times the gradient.
        Assert.True(result.GradientNorm > 0.01);
        var means_W = cat([.. model.Parameters.Select((_, weight) => optimiser.Moments.Of(weight).Means.reshape(-1))]);
        Assert.Equal(0.1 * 0.01, means_W.norm().item<float>(), 1e-6);
    }

    [Fact]
    public void What_a_model_generates_follows_its_updates_whatever_was_derived_from_its_weights()
    {
        using var threads = new ShardThreads(1);
        using var model = DecoderModel.Random(TestModels.Config with { HeadDim = 16, HiddenSize = 32, IntermediateSize = 48 }, seed: 3);
        using var optimiser = new AdamW(model);
        using var trainer = new PolicyTrainer(model, optimiser, threads);
        var before = Generate(model);

        trainer.Update(LearningSamples.Minibatch(1), LearningSamples.Rule, 1e-2, Settings);

        using var copy = model.As(ScalarType.Float32);
        Assert.NotEqual(before, Generate(model));
        Assert.Equal(Generate(copy), Generate(model));

        static float[] Generate(DecoderModel model) =>
            new GenerationEngine(model).Generate([new([1, 2, 3], [1])], new SamplingSpec { MaxTokens = 8, Temperature = 0 }, TestContext.Current.CancellationToken)[0][0].LogProbs;
    }

    [Fact]
    public void A_minibatch_of_one_row_leaves_a_shard_idle()
    {
        using var threads = new ShardThreads(2);
        using var model = DecoderModel.Random(TestModels.Config, seed: 3);
        using var optimiser = new AdamW(model);
        using var trainer = new PolicyTrainer(model, optimiser, threads);
        TrainingGroup[] groups = [new([1, 2], [new([3, 1], [-1, -1], 1)])];

        var result = trainer.Update(PackingPlan.Minibatches(groups, 8, LearningSamples.TokenMean, 1)[0], LearningSamples.Rule, 1e-3, Settings);

        Assert.Equal(2, result.Predictions);
        Assert.True(result.GradientNorm > 0);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_minibatch_whose_loss_is_not_finite_changes_nothing_and_is_counted(double advantage)
    {
        Assert.Equal(Train(threads: 1), Train(threads: 1, before: trainer =>
        {
            TrainingGroup[] groups = [new([1, 2], [new([3, 1], [-1, -1], advantage)])];
            var result = trainer.Update(PackingPlan.Minibatches(groups, 8, LearningSamples.TokenMean, 1)[0], LearningSamples.Rule, 1e-2, Settings);
            Assert.Equal(MinibatchResult.NotApplied(result.PackedTokens, double.IsNaN(advantage) ? "the loss is not a number" : "the loss is infinite"), result);
        }));
    }

    [Fact]
    public void A_gradient_that_overflows_under_a_finite_loss_changes_nothing_either()
    {
        Assert.Equal(Train(threads: 1), Train(threads: 1, before: trainer =>
        {
            // At the ratio 1 the loss is the advantage; its squared gradients are beyond a float.
            TrainingGroup[] groups = [new([1, 2], [new([3, 1], [-3, -3], -1e30)])];
            var result = trainer.Update(PackingPlan.Minibatches(groups, 8, LearningSamples.TokenMean, 1)[0], LearningSamples.Rule, 1e-2, Settings);
            Assert.Equal((1, "the gradient norm is infinite"), (result.Skipped, result.SkipReason));
        }));
    }

    [Fact]
    public void Nor_does_a_number_that_is_only_reported()
    {
        // A loss that does not look at old log-probs is finite with one that no sampler can have had.
        var result = Assert.Single(Results(new TrainingGroup([1, 2], [new([3, 1], [float.NegativeInfinity, -1], 1)]), new UpdateRule(new LikelihoodObjective())));

        Assert.Equal("a log-prob is infinite", result.SkipReason);
    }

    private static List<MinibatchResult> Results(TrainingGroup group, UpdateRule rule)
    {
        using var threads = new ShardThreads(1);
        using var model = DecoderModel.Random(TestModels.Config, seed: 3);
        using var optimiser = new AdamW(model);
        using var trainer = new PolicyTrainer(model, optimiser, threads);
        return [.. PackingPlan.Minibatches([group], 8, LearningSamples.TokenMean, 1).Select(minibatch => trainer.Update(minibatch, rule, 1e-2, Settings))];
    }

    private static byte[] Train(int threads, Action<PolicyTrainer>? before = null)
    {
        using var shardThreads = new ShardThreads(threads);
        using var model = DecoderModel.Random(TestModels.Config, seed: 3);
        using var optimiser = new AdamW(model);
        using var trainer = new PolicyTrainer(model, optimiser, shardThreads);
        before?.Invoke(trainer);
        for (var update = 0; update < 5; update++) trainer.Update(LearningSamples.Minibatch(update), LearningSamples.Rule, 1e-2, Settings);
        return [.. model.Parameters.SelectMany(parameter => parameter.bytes.ToArray())];
    }
}
