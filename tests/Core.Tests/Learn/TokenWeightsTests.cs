using CsCheck;
using KnapsackCloud.Core.Learn;

namespace KnapsackCloud.Core.Tests.Learn;

public class TokenWeightsTests
{
    private static readonly int[][] Lengths = [[2, 4], [1, 1, 2]];

    [Theory]
    [InlineData(LossNormalisation.Effective, 1 / 10.0, 1 / 10.0)]
    [InlineData(LossNormalisation.Sequence, 1 / 10.0, 1 / 5.0)]
    [InlineData(LossNormalisation.Prompt, 1 / 12.0, 1 / 8.0)]
    public void Tokens_rows_or_groups_count_the_same(LossNormalisation normalisation, double firstOfFirst, double firstOfSecond)
    {
        var weights = TokenWeights.Of(Lengths, normalisation);

        Assert.Equal(firstOfFirst, weights[0][0], 12);
        Assert.Equal(firstOfSecond, weights[1][0], 12);
    }

    [Fact]
    public void Weights_of_a_minibatch_sum_to_1() =>
        (from lengths in Gen.Int[1, 9].Array[1, 6].Array[1, 6] from normalisation in Gen.Enum<LossNormalisation>() select (lengths, normalisation)).Sample(sample =>
        {
            var weights = TokenWeights.Of(sample.lengths, sample.normalisation);
            var sum = sample.lengths.Zip(weights).Sum(group => group.First.Zip(group.Second).Sum(row => row.First * row.Second));
            Assert.Equal(1, sum, 9);
        });
}
