using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Learn.Objectives;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Learning.Objectives;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Tests.Learning;

public class TensorObjectivesTests
{
    private const double DualClip = 1.5;

    /// <summary>What a spec's names make must be what the scalar objectives of those names say.</summary>
    public static TheoryData<string, double?> Losses { get; } = new(
        LossPresets.Names.Select(loss => (loss, (double?)null)).Append((LossPresets.Grpo, DualClip)));

    [Theory]
    [MemberData(nameof(Losses))]
    public void Loss_gradients_and_clipped_tokens_equal_the_scalar_oracle(string loss, double? dualClip) =>
        Samples.Sample(sample =>
        {
            using var scope = NewDisposeScope();
            // One range for all, in which some ratios are clipped and some are not.
            var learning = LossPresets.Of(loss) with { ClipLow = 0.2, ClipHigh = 0.28, DualClip = dualClip };
            var (minibatch, logProbs) = Draw(sample.Groups, sample.Rule, sample.Seed);
            var oracle = MinibatchLoss.Of(Plain(minibatch), logProbs, Scalar(learning), sample.Rule);

            var result = OnTensors(ObjectiveFactory.Of(learning), minibatch, logProbs);

            Assert.Equal(oracle.Loss, result.Loss, 1e-5 * Math.Max(1, Math.Abs(oracle.Loss)));
            Assert.Equal(oracle.Clipped, result.Clipped);
            foreach (var (expected, actual) in oracle.Gradients.SelectMany(group => group).SelectMany(row => row).Zip(result.Gradient_M)) Assert.Equal(expected, actual, 1e-5);
        });

    [Fact]
    public void The_divergence_and_the_entropy_add_to_the_loss() =>
        Samples.Sample(sample =>
        {
            using var scope = NewDisposeScope();
            var (minibatch, logProbs) = Draw(sample.Groups, sample.Rule, sample.Seed);
            var (_, reference) = Draw(sample.Groups, sample.Rule, sample.Seed + 1);
            var learning = new LearningSpec();

            var alone = OnTensors(ObjectiveFactory.Of(learning), minibatch, logProbs, reference);
            var whole = OnTensors(ObjectiveFactory.Of(learning with { KlCoefficient = 0.3, EntropyBonus = 0.2 }), minibatch, logProbs, reference);

            var tokens = minibatch.SelectMany(group => group.Rows).SelectMany(row => row.Row.CompletionIds.Select(_ => row.TokenWeight)).ToArray();
            var divergences = logProbs.SelectMany(group => group).SelectMany(row => row).Zip(reference.SelectMany(group => group).SelectMany(row => row), KlPenalty.Of).ToArray();
            var added = tokens.Zip(divergences).Sum(token => token.First * 0.3 * token.Second.Value) - tokens.Sum(weight => weight * 0.2 * Entropy);
            Assert.Equal(alone.Loss + added, whole.Loss, 1e-4 * Math.Max(1, Math.Abs(whole.Loss)));
            for (var m = 0; m < tokens.Length; m++)
            {
                Assert.Equal(alone.Gradient_M[m] + tokens[m] * 0.3 * divergences[m].Derivative, whole.Gradient_M[m], 1e-5);
                Assert.Equal(-0.2 * tokens[m], whole.EntropyGradient_M![m], 1e-6);
            }

            Assert.Null(alone.EntropyGradient_M);
        });

    private const double Entropy = 1.25;

    private static Gen<(TrainingGroup[] Groups, NormalisationRule Rule, int Seed)> Samples { get; } =
        from groups in LearningSamples.TrainingGroups
        from normalisation in Gen.Enum<LossNormalisation>()
        from seed in Gen.Int[0, 1000]
        select (groups, new NormalisationRule(normalisation, EffectiveShare: 0.5, MaxTokens: 6), seed);

    private static (IReadOnlyList<PackedGroup> Minibatch, double[][][] LogProbs) Draw(TrainingGroup[] groups, NormalisationRule rule, int seed)
    {
        var minibatch = PackingPlan.Minibatches(groups, 1000, rule, seed: 1)[0];
        var random = new Random(seed);
        return (minibatch, [.. minibatch.Select(group => group.Rows.Select(row =>
            row.Row.LogProbs.Select(behaviour => (double)(float)(behaviour + random.NextDouble() * 1.6 - 0.8)).ToArray()).ToArray())]);
    }

    private static TrainingGroup[] Plain(IReadOnlyList<PackedGroup> minibatch) =>
        [.. minibatch.Select(group => new TrainingGroup(group.PromptIds, [.. group.Rows.Select(row => row.Row)]))];

    private static IRowObjective Scalar(LearningSpec learning)
    {
        var clip = new ClipRange(learning.ClipLow, learning.ClipHigh);
        return learning.Loss switch
        {
            LossPresets.Gspo => new SequenceClip(clip),
            LossPresets.Cispo => new ClippedImportance(clip),
            _ => new TokenClip(clip, learning.DualClip),
        };
    }

    private static (double Loss, long Clipped, float[] Gradient_M, float[]? EntropyGradient_M) OnTensors(
        ITokenObjective objective, IReadOnlyList<PackedGroup> minibatch, double[][][] logProbs, double[][][]? reference = null)
    {
        using var rotary = new Rotary(TestModels.Config);
        var batch = new PackedTargets(PackedLayout.Of(minibatch));
        var logProbs_M = Flat(logProbs).requires_grad_(true);
        var entropies_M = ones_like(logProbs_M).Times(Entropy).detach().requires_grad_(true);
        var (loss, clipped) = objective.Evaluate(new TokenPredictions(logProbs_M, entropies_M, reference is null ? null : Flat(reference)), batch);
        loss.backward();
        return (loss.item<float>(), clipped, logProbs_M.grad!.data<float>().ToArray(), entropies_M.grad?.data<float>().ToArray());
    }

    private static Tensor Flat(double[][][] values) => tensor(values.SelectMany(group => group).SelectMany(row => row).Select(value => (float)value).ToArray());
}
