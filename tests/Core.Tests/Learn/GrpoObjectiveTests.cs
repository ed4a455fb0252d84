using CsCheck;
using KnapsackCloud.Core.Learn;

namespace KnapsackCloud.Core.Tests.Learn;

public class GrpoObjectiveTests
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
        double advantage, double ratio, double value, double derivative, bool clipped)
    {
        var term = GrpoObjective.Term(Math.Log(ratio) - 1.5, -1.5, advantage, Clip);

        Assert.Equal(value, term.Value, 12);
        Assert.Equal(derivative, term.Derivative, 12);
        Assert.Equal(clipped, term.Clipped);
    }

    [Fact]
    public void Gradients_are_the_finite_differences_of_the_loss()
    {
        (from groups in Groups from seed in Gen.Int[0, 1000] from normalisation in Gen.Enum<LossNormalisation>() select (groups, seed, normalisation)).Sample(sample =>
        {
            var random = new Random(sample.seed);
            var logProbs = sample.groups.Select(group => group.Rows.Select(row =>
                row.LogProbs.Select(behaviour => behaviour + AwayFromTheKinks(random)).ToArray()).ToArray()).ToArray();
            var loss = GrpoObjective.Loss(sample.groups, logProbs, Clip, sample.normalisation);
            foreach (var (g, group) in sample.groups.Index())
                foreach (var (i, row) in group.Rows.Index())
                    for (var t = 0; t < row.LogProbs.Length; t++)
                        Assert.Equal(Difference(sample.groups, logProbs, sample.normalisation, ref logProbs[g][i][t]), loss.Gradients[g][i][t], 1e-6);
        }, iter: 100);
    }

    [Fact]
    public void Rows_without_advantage_have_no_gradient()
    {
        TrainingGroup[] groups = [new([1], [new([2, 3], [-1, -2], 0), new([4], [-1], 0)])];

        var loss = GrpoObjective.Loss(groups, [[[-0.5, -9], [-3]]], Clip, LossNormalisation.Effective);

        Assert.Equal(0, loss.Loss);
        Assert.All(loss.Gradients.SelectMany(group => group).SelectMany(row => row), derivative => Assert.Equal(0, derivative));
    }

    /// <summary>Log-ratios from -1 to 1 that are no closer than 0.01 to where the loss bends.</summary>
    private static double AwayFromTheKinks(Random random)
    {
        while (true)
        {
            var value = random.NextDouble() * 2 - 1;
            if (Math.Abs(value - Math.Log(1 - Clip.Low)) > 0.01 && Math.Abs(value - Math.Log(1 + Clip.High)) > 0.01) return value;
        }
    }

    private static double Difference(TrainingGroup[] groups, double[][][] logProbs, LossNormalisation normalisation, ref double logProb)
    {
        const double Small = 1e-5;
        var original = logProb;
        logProb = original + Small;
        var above = GrpoObjective.Loss(groups, logProbs, Clip, normalisation).Loss;
        logProb = original - Small;
        var below = GrpoObjective.Loss(groups, logProbs, Clip, normalisation).Loss;
        logProb = original;
        return (above - below) / (2 * Small);
    }

    private static Gen<TrainingGroup[]> Groups { get; } =
        (from length in Gen.Int[1, 5]
         from advantage in Gen.Double[-2, 2]
         from logProbs in Gen.Float[-3, 0].Array[length]
         select new TrainingRow(new int[length], logProbs, advantage)).Array[1, 4].Select(rows => new TrainingGroup([1], rows)).Array[1, 4];
}
