using KnapsackCloud.Core.Learn;

namespace KnapsackCloud.Core.Tests.Learn;

public class ImportanceWeightsTests
{
    private static readonly float[] Own = [-1, -1, -1, -1];

    [Fact]
    public void A_token_weighs_how_much_likelier_it_became_up_to_the_bound()
    {
        float[] behaviour = [-1, -1 - MathF.Log(2), -1 + MathF.Log(4), -1 - MathF.Log(9)];
        Assert.Equal([1, 2, 0.25, 3], Weights(behaviour, 3, ofSequence: false, out var truncated), Close);
        Assert.Equal(1, truncated);
    }

    [Fact]
    public void A_sequence_has_one_weight_by_its_mean()
    {
        float[] behaviour = [-1, -1 - MathF.Log(2), -1 - MathF.Log(8), -1];
        Assert.Equal([2, 2, 2, 2], Weights(behaviour, 3, ofSequence: true, out var truncated), Close);
        Assert.Equal(0, truncated);
        Assert.Equal([1.5, 1.5, 1.5, 1.5], Weights(behaviour, 1.5, ofSequence: true, out truncated), Close);
        Assert.Equal(4, truncated);
    }

    [Fact]
    public void The_same_policy_weighs_exactly_one() => Assert.All(ImportanceWeights.Of(Own, Own, 1, ofSequence: false, out _), weight => Assert.Equal(1f, weight));

    [Fact]
    public void What_is_no_number_stays_none() =>
        Assert.Equal([float.NaN, float.NaN, 1, 1], ImportanceWeights.Of(Own, [float.NaN, float.NegativeInfinity, -1, -1], 2, ofSequence: false, out _));

    private static bool Close(double expected, double actual) => Math.Abs(expected - actual) < 1e-6;

    private static IEnumerable<double> Weights(float[] behaviour, double cap, bool ofSequence, out int truncated) =>
        ImportanceWeights.Of(Own, behaviour, cap, ofSequence, out truncated).Select(weight => (double)weight);
}
