using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Learning.Moments;
using KnapsackCloud.Model.Learning.Objectives;
using KnapsackCloud.Model.LowRank;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning;

/// <summary>Passes in bfloat16 on weights in float32, and moments in the processor's memory.</summary>
public class MixedPrecisionTests
{
    /// <summary>Wide enough that rounding, three digits of each number, does not add up to a tenth of a gradient.</summary>
    private static readonly ModelConfig Wide = TestModels.Config with { HiddenSize = 48, IntermediateSize = 64, HeadDim = 16 };

    /// <summary>Nothing is clipped: a ratio that rounding moves over a bound would take its token out.</summary>
    private static readonly UpdateRule Rule = new(ObjectiveFactory.Of(new LearningSpec { ClipLow = 1, ClipHigh = 100 }));

    [Fact]
    public void Gradients_of_weights_are_those_of_single_precision_but_for_rounding() =>
        (from groups in LearningSamples.PackedGroups from again in Gen.Bool from temperature in Gen.Double[0.5, 2] select (groups, again, temperature)).Sample(sample =>
        {
            using var scope = NewDisposeScope();
            using var model = DecoderModel.Random(Wide, seed: 3);
            using var single = new GradientShard(LearningReplica.OfWeights(model));
            using var mixed = new GradientShard(LearningReplica.OfWeights(model, ScalarType.BFloat16));
            var rule = Rule with { Temperature = sample.temperature };

            var (expected, actual) = (single.Compute([sample.groups], rule), mixed.Compute([sample.groups], rule with { Recompute = sample.again }));

            Assert.Equal((expected.Predictions, expected.PackedTokens), (actual.Predictions, actual.PackedTokens));
            Assert.Equal(expected.EntropySum, actual.EntropySum, 0.02 * expected.EntropySum);
            AssertNear(single.Gradient.Flat_W, mixed.Gradient.Flat_W);
        }, iter: 40);

    [Fact]
    public void So_are_those_of_an_adapter() => LearningSamples.PackedGroups.Sample(groups =>
    {
        using var scope = NewDisposeScope();
        using var basis = DecoderModel.Random(Wide, seed: 3);
        using var adapter = LowRankAdapter.Random(Wide, new AdapterSettings(3, 4.5, ["q_proj", "down_proj"]), 5);
        foreach (var matrix in adapter.Matrices) matrix.Up_OxR.normal_(0, 0.1);
        using var merged = adapter.Merged(basis);
        using var single = new GradientShard(LearningReplica.OfAdapter(merged, adapter));
        using var mixed = new GradientShard(LearningReplica.OfAdapter(merged, adapter, ScalarType.BFloat16));

        single.Compute([groups], Rule);
        mixed.Compute([groups], Rule);

        AssertNear(single.Gradient.Flat_W, mixed.Gradient.Flat_W);
    }, iter: 20);

    [Fact]
    public void Layers_made_again_on_the_way_back_give_the_same_bits() => LearningSamples.PackedGroups.Sample(groups =>
    {
        using var model = DecoderModel.Random(Wide, seed: 3);
        using var kept = new GradientShard(LearningReplica.OfWeights(model, ScalarType.BFloat16));
        using var again = new GradientShard(LearningReplica.OfWeights(model, ScalarType.BFloat16));
        var passes = PackingPlan.Microbatches(groups, new MicrobatchBudget(400, 10, 1));
        Assert.Equal(kept.Compute(passes, LearningSamples.Rule), again.Compute(passes, LearningSamples.Rule with { Recompute = true }));
        Assert.Equal(kept.Gradient.Flat_W.data<float>().ToArray(), again.Gradient.Flat_W.data<float>().ToArray());
    }, iter: 20);

    [Fact]
    public void An_update_too_small_for_bfloat16_is_kept_in_the_weights()
    {
        using var scope = NewDisposeScope();
        using var model = DecoderModel.Random(Wide, seed: 3);
        var before = model.FinalNorm_D.clone();
        using var optimiser = new AdamW(model);
        using var threads = new ShardThreads(1);
        using var trainer = new PolicyTrainer(model, optimiser, threads, precision: LearningPrecision.BFloat16);

        trainer.Update(LearningSamples.Minibatch(1), LearningSamples.Rule, learningRate: 1e-5, new OptimiserSettings(0.9, 0.95, 0, GradientNorm: 1));

        // Next to 1, bfloat16 has nothing nearer than 1/256.
        Assert.All((model.FinalNorm_D - before).abs().data<float>().ToArray(), change => Assert.InRange(change, 1e-6f, 1.1e-5f));
    }

    [Fact]
    public void Moments_in_the_processors_memory_lead_to_the_same_bits_piece_by_piece()
    {
        using var scope = NewDisposeScope();
        using var start = DecoderModel.Random(Wide, seed: 3);
        using DecoderModel here = start.As(ScalarType.Float32), there = start.As(ScalarType.Float32);
        using var whole = new AdamW(here);
        using var pieces = new AdamW(there.Parameters, new HostMoments(there.Parameters, pieceSize: 1_000));
        using var gradients = new ParameterBuffer(start.Parameters);
        for (var update = 1; update <= 3; update++)
        {
            for (var i = 0; i < gradients.Views.Count; i++) gradients.Views[i].copy_(start.Parameters[(i + update) % 2].view(-1)[i + update].expand(gradients.Views[i].shape).Plus(start.Parameters[i]));
            whole.Update(gradients, 1e-3, new OptimiserSettings(0.9, 0.95, 0.1, GradientNorm: 1));
            pieces.Update(gradients, 1e-3, new OptimiserSettings(0.9, 0.95, 0.1, GradientNorm: 1));
        }

        foreach (var (number, (expected, actual)) in here.Parameters.Zip(there.Parameters).Index())
        {
            Assert.Equal(expected.data<float>().ToArray(), actual.data<float>().ToArray());
            Assert.Equal(whole.Moments.Of(number).Squares.data<float>().ToArray(), pieces.Moments.Of(number).Squares.data<float>().ToArray());
        }
    }

    private static void AssertNear(Tensor expected_W, Tensor actual_W)
    {
        Assert.Equal(ScalarType.Float32, actual_W.dtype);
        var size = expected_W.norm().item<float>();
        if (size == 0) Assert.Equal(0, actual_W.norm().item<float>());
        else Assert.InRange((actual_W - expected_W).norm().item<float>() / size, 1e-6f, 0.1f);
    }
}
