using CsCheck;
using KnapsackCloud.Core.Learn;

namespace KnapsackCloud.Core.Tests.Learn;

public class TokenWeightsTests
{
    private static readonly int[][] Lengths = [[2, 4], [1, 1, 2]];

    [Theory]
    [InlineData(LossNormalisation.Effective, 1 / 10.0, 1 / 10.0)]
    [InlineData(LossNormalisation.Token, 1 / 40.0, 1 / 40.0)]
    [InlineData(LossNormalisation.Sequence, 1 / 10.0, 1 / 5.0)]
    [InlineData(LossNormalisation.Prompt, 1 / 12.0, 1 / 8.0)]
    [InlineData(LossNormalisation.Constant, 1 / 40.0, 1 / 40.0)]
    public void Tokens_rows_or_groups_count_the_same(LossNormalisation normalisation, double firstOfFirst, double firstOfSecond)
    {
        var weights = new NormalisationRule(normalisation, EffectiveShare: 0.25, MaxTokens: 8).Weights(Lengths);

        Assert.Equal(firstOfFirst, weights[0][0], 12);
        Assert.Equal(firstOfSecond, weights[1][0], 12);
    }

    [Fact]
    public void Weights_of_a_minibatch_sum_to_1_or_to_the_share_of_its_rollouts_or_of_its_longest_completions() =>
        (from lengths in Gen.Int[1, 9].Array[1, 6].Array[1, 6] from normalisation in Gen.Enum<LossNormalisation>() from share in Gen.Double[0.01, 1] select (lengths, normalisation, share)).Sample(sample =>
        {
            var weights = new NormalisationRule(sample.normalisation, sample.share, MaxTokens: 9).Weights(sample.lengths);
            var sum = sample.lengths.Zip(weights).Sum(group => group.First.Zip(group.Second).Sum(row => row.First * row.Second));
            var expected = sample.normalisation switch
            {
                LossNormalisation.Token => sample.share,
                LossNormalisation.Constant => sample.lengths.SelectMany(group => group).Average() / 9,
                _ => 1,
            };
            Assert.Equal(expected, sum, 9);
        });

    [Fact]
    public void A_minibatch_weighs_its_tokens_as_its_parts_do_by_their_sizes() =>
        (from parts in Gen.Int[1, 9].Array[1, 4].Array[1, 4].Array[1, 4] from normalisation in Gen.Enum<LossNormalisation>() from share in Gen.Double[0.01, 1] select (parts, normalisation, share)).Sample(sample =>
        {
            var rule = new NormalisationRule(sample.normalisation, sample.share, MaxTokens: 9);
            int[][] whole = [.. sample.parts.SelectMany(part => part)];
            var size = sample.parts.Sum(rule.Size);
            Assert.Equal(rule.Size(whole), size, 9);
            var ofParts = sample.parts.SelectMany(part => rule.Weights(part).Select(group => group.Select(weight => weight * rule.Size(part) / size)));
            Assert.All(rule.Weights(whole).Zip(ofParts), pair => Assert.All(pair.First.Zip(pair.Second), weight => Assert.Equal(weight.First, weight.Second, 12)));
        });

    [Fact]
    public void Every_normalisation_has_a_name() =>
        Assert.Equal(Enum.GetValues<LossNormalisation>().Order(), LossNormalisations.Names.Select(LossNormalisations.Of).Order());
}
