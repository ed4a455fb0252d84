using CsCheck;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Learn.Objectives;

namespace KnapsackCloud.Core.Tests.Learn;

public class ObjectivesTests
{
    private static readonly ClipRange Clip = new(0.2, 0.28);

    [Theory]
    [InlineData(2.0, 1.1, 2.2, 2.2, false)]
    [InlineData(2.0, 1.3, 2.56, 0, true)]
    [InlineData(2.0, 0.5, 1.0, 1.0, false)]
    [InlineData(-2.0, 0.9, -1.8, -1.8, false)]
    [InlineData(-2.0, 0.7, -1.6, 0, true)]
    [InlineData(-2.0, 3.0, -6.0, -6.0, false)]
    [InlineData(0.0, 3.0, 0.0, 0.0, false)]
    public void A_token_is_clipped_only_where_the_ratio_already_went_the_way_of_its_advantage(
        double advantage, double ratio, double value, double derivative, bool clipped) =>
        AssertTerms(new TokenClip(Clip), advantage, [ratio], [value], [derivative], clipped ? 1 : 0);

    [Theory]
    [InlineData(-2.0, 2.9, -5.8, -5.8, false)]
    [InlineData(-2.0, 3.5, -6.0, 0, true)]
    [InlineData(-2.0, 0.7, -1.6, 0, true)]
    [InlineData(2.0, 3.5, 2.56, 0, true)]
    [InlineData(2.0, 1.1, 2.2, 2.2, false)]
    public void A_dual_clip_bounds_what_an_unrewarded_token_can_cost(double advantage, double ratio, double value, double derivative, bool clipped) =>
        AssertTerms(new TokenClip(Clip, dualClip: 3), advantage, [ratio], [value], [derivative], clipped ? 1 : 0);

    [Fact]
    public void A_sequence_is_clipped_as_a_whole_by_its_geometric_mean_ratio()
    {
        // The geometric mean of 2 and 0.5 is 1, of 2 and 1 the root of 2.
        AssertTerms(new SequenceClip(Clip), 3, [2, 0.5], [3, 3], [3, 3], 0);
        AssertTerms(new SequenceClip(Clip), 3, [2, 1], [3.84, 3.84], [0, 0], 2);
        AssertTerms(new SequenceClip(Clip), -3, [2, 1], [-3 * Math.Sqrt(2), -3 * Math.Sqrt(2)], [-3 * Math.Sqrt(2), -3 * Math.Sqrt(2)], 0);
    }

    [Fact]
    public void Clipped_importance_weighs_tokens_and_leaves_none_out() =>
        // Log-probs are those of the ratios, relative to -1.5.
        AssertTerms(new ClippedImportance(new ClipRange(1, 0.5)), 2, [0.1, 4], [0.2 * (Math.Log(0.1) - 1.5), 3 * (Math.Log(4) - 1.5)], [0.2, 3], 1);

    [Theory]
    [InlineData("token")]
    [InlineData("dual")]
    [InlineData("sequence")]
    [InlineData("importance")]
    public void Gradients_are_the_finite_differences_of_the_loss(string name)
    {
        (from groups in Groups from seed in Gen.Int[0, 1000] from normalisation in Gen.Enum<LossNormalisation>() select (groups, seed, normalisation)).Sample(sample =>
        {
            var random = new Random(sample.seed);
            var logProbs = sample.groups.Select(group => group.Rows.Select(row => row.LogProbs.Select(behaviour => behaviour + AwayFromTheKinks(random)).ToArray()).ToArray()).ToArray();
            if (name == "sequence" && sample.groups.Zip(logProbs).Any(pair => pair.First.Rows.Zip(pair.Second).Any(row => IsNearAKink(row.Second.Zip(row.First.LogProbs).Average(two => two.First - two.Second))))) return;
            var rule = new NormalisationRule(sample.normalisation, EffectiveShare: 0.4, MaxTokens: 5);
            var loss = MinibatchLoss.Of(sample.groups, logProbs, Objective(name), rule);
            // The weight of clipped importance is a constant to the gradient: differences are taken with it held.
            var held = name == "importance" ? new HeldImportance(logProbs) : Objective(name);
            foreach (var (g, group) in sample.groups.Index())
                foreach (var (i, row) in group.Rows.Index())
                    for (var t = 0; t < row.LogProbs.Length; t++)
                        Assert.Equal(Difference(sample.groups, logProbs, held, rule, ref logProbs[g][i][t]), loss.Gradients[g][i][t], 1e-6);
        }, iter: 100);
    }

    [Fact]
    public void Rows_without_advantage_have_no_gradient_under_any_objective()
    {
        TrainingGroup[] groups = [new([1], [new([2, 3], [-1, -2], 0), new([4], [-1], 0)])];
        foreach (var name in new[] { "token", "dual", "sequence", "importance" })
        {
            var loss = MinibatchLoss.Of(groups, [[[-0.5, -9], [-3]]], Objective(name), new NormalisationRule(LossNormalisation.Effective));

            Assert.Equal(0, loss.Loss);
            Assert.All(loss.Gradients.SelectMany(group => group).SelectMany(row => row), derivative => Assert.Equal(0, derivative));
        }
    }

    [Fact]
    public void The_divergence_from_the_reference_is_never_negative_and_its_derivative_the_finite_difference() =>
        Gen.Select(Gen.Double[-5, 0], Gen.Double[-5, 0]).Sample((logProb, reference) =>
        {
            var (value, derivative) = KlPenalty.Of(logProb, reference);
            Assert.InRange(value, -1e-12, 1e9);
            Assert.Equal((KlPenalty.Of(logProb + 1e-5, reference).Value - KlPenalty.Of(logProb - 1e-5, reference).Value) / 2e-5, derivative, 1e-4 * Math.Max(1, Math.Abs(derivative)));
            Assert.Equal(0, KlPenalty.Of(logProb, logProb).Value);
        });

    [Fact]
    public void The_mean_of_the_estimate_over_the_policy_is_the_divergence()
    {
        double[] policy = [0.5, 0.3, 0.2], reference = [0.2, 0.5, 0.3];
        var divergence = policy.Zip(reference).Sum(pair => pair.First * Math.Log(pair.First / pair.Second));
        Assert.Equal(divergence, policy.Zip(reference).Sum(pair => pair.First * KlPenalty.Of(Math.Log(pair.First), Math.Log(pair.Second)).Value), 12);
    }

    [Fact]
    public void Entropy_is_that_of_the_distribution_and_its_derivatives_are_finite_differences() =>
        Gen.Double[-4, 4].Array[1, 6].Sample(logits =>
        {
            var (value, derivatives) = EntropyBonus.Of(logits);
            var total = logits.Sum(Math.Exp);
            Assert.Equal(-logits.Sum(logit => Math.Exp(logit) / total * Math.Log(Math.Exp(logit) / total)), value, 9);
            for (var v = 0; v < logits.Length; v++)
            {
                double[] above = [.. logits], below = [.. logits];
                above[v] += 1e-5;
                below[v] -= 1e-5;
                Assert.Equal((EntropyBonus.Of(above).Value - EntropyBonus.Of(below).Value) / 2e-5, derivatives[v], 1e-6);
            }
        });

    private static void AssertTerms(IRowObjective objective, double advantage, double[] ratios, double[] values, double[] derivatives, int clipped)
    {
        var terms = objective.Evaluate([.. ratios.Select(ratio => Math.Log(ratio) - 1.5)], [.. ratios.Select(_ => -1.5)], advantage);
        foreach (var (expected, actual) in values.Zip(terms.Values_T)) Assert.Equal(expected, actual, 12);
        foreach (var (expected, actual) in derivatives.Zip(terms.Derivatives_T)) Assert.Equal(expected, actual, 12);
        Assert.Equal(clipped, terms.Clipped);
    }

    private static IRowObjective Objective(string name) => name switch
    {
        "token" => new TokenClip(Clip),
        "dual" => new TokenClip(Clip, dualClip: 1.5),
        "sequence" => new SequenceClip(Clip),
        _ => new ClippedImportance(Clip),
    };

    /// <summary>Log-ratios from -1 to 1 that are no closer than 0.01 to where a loss bends.</summary>
    private static double AwayFromTheKinks(Random random)
    {
        while (true)
        {
            var value = random.NextDouble() * 2 - 1;
            if (!IsNearAKink(value)) return value;
        }
    }

    private static bool IsNearAKink(double logRatio) =>
        new[] { 1 - Clip.Low, 1 + Clip.High, 1.5 }.Any(kink => Math.Abs(logRatio - Math.Log(kink)) < 0.01);

    private static double Difference(TrainingGroup[] groups, double[][][] logProbs, IRowObjective objective, NormalisationRule rule, ref double logProb)
    {
        const double Small = 1e-5;
        var original = logProb;
        logProb = original + Small;
        var above = MinibatchLoss.Of(groups, logProbs, objective, rule).Loss;
        logProb = original - Small;
        var below = MinibatchLoss.Of(groups, logProbs, objective, rule).Loss;
        logProb = original;
        return (above - below) / (2 * Small);
    }

    private static Gen<TrainingGroup[]> Groups { get; } =
        (from length in Gen.Int[1, 5]
         from advantage in Gen.Double[-2, 2]
         from logProbs in Gen.Float[-3, 0].Array[length]
         select new TrainingRow(new int[length], logProbs, advantage)).Array[1, 4].Select(rows => new TrainingGroup([1], rows)).Array[1, 4];

    /// <summary>Clipped importance with the weights of the log-probs it was made with, asked for row after row.</summary>
    private sealed class HeldImportance(double[][][] logProbs) : IRowObjective
    {
        private readonly double[][] _rows = [.. logProbs.SelectMany(group => group).Select(row => row.ToArray())];
        private int _row;

        public RowTerms Evaluate(ReadOnlySpan<double> logProbs_T, ReadOnlySpan<double> old_T, double advantage)
        {
            var weights_T = new ClippedImportance(Clip).Evaluate(_rows[_row++ % _rows.Length], old_T, advantage).Derivatives_T;
            return new RowTerms([.. logProbs_T.ToArray().Zip(weights_T).Select(pair => pair.First * pair.Second)], weights_T, 0);
        }
    }
}
