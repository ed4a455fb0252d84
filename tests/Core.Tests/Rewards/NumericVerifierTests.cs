using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rewards;

namespace KnapsackCloud.Core.Tests.Rewards;

public class NumericVerifierTests
{
    [Theory]
    [InlineData("12", "12")]
    [InlineData("1/2", "0.50")]
    [InlineData("1,234,567", "1234567")]
    [InlineData("-7", "It went from 3 to -7.")]
    [InlineData("0.000001", "1e-6")]
    [InlineData("5", "+5")]
    [InlineData(".5", "so 5e-1")]
    [InlineData("3", "x2 is 3, not in v4")]
    public void Equal_numbers_are_rewarded_however_they_are_written(string gold, string completion) =>
        Assert.Equal(1, Verifiers.Create("numeric").Score(gold, completion).Reward);

    [Theory]
    [InlineData("7", "17")]
    [InlineData("7", "7.0000000001")]
    [InlineData("7", "")]
    [InlineData("7", "seven")]
    [InlineData("7", "7 and then 8")]
    [InlineData("1", "1e400000")]
    public void Anything_else_is_a_zero_and_not_an_error(string gold, string completion)
    {
        var verdict = Verifiers.Create("numeric").Score(gold, completion);
        Assert.Equal(VerdictStatus.Ok, verdict.Status);
        Assert.Equal(0, verdict.Reward);
    }

    [Theory]
    [InlineData("200", "202", 1)]
    [InlineData("200", "about 198 in all", 1)]
    [InlineData("200", "202.0001", 0)]
    [InlineData("-200", "-198", 1)]
    [InlineData("-200", "198", 0)]
    [InlineData("0", "0.000", 1)]
    [InlineData("0", "1e-300", 0)]
    public void A_tolerance_is_a_share_of_the_gold_number(string gold, string completion, double reward)
    {
        var verdict = Verifiers.Create("numeric:0.01").Score(gold, completion);
        Assert.Equal(reward, verdict.Reward);
        Assert.Equal("numeric:0.01", Assert.Single(verdict.Parts).Name);
    }

    [Fact]
    public void A_gold_answer_that_is_no_number_gives_no_reward_at_all()
    {
        var verdict = Verifiers.Create("numeric").Score("seven", "7");
        Assert.Equal(VerdictStatus.UnparsableGold, verdict.Status);
        Assert.Null(verdict.Reward);
    }

    [Theory]
    [InlineData("17", " 17\n", 1)]
    [InlineData("17", "17.0", 0)]
    [InlineData("abc", "ABC", 0)]
    public void Exact_compares_the_trimmed_text(string gold, string completion, double reward) =>
        Assert.Equal(reward, Verifiers.Create("exact").Score(gold, completion).Reward);

    [Fact]
    public void An_unknown_verifier_is_refused_with_the_known_names()
    {
        var refusal = Assert.Throws<InvalidInputException>(() => Verifiers.Create("guess"));
        Assert.All(Verifiers.Names, name => Assert.Contains(name, refusal.Message, StringComparison.Ordinal));
    }
}
