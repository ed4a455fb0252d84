using CsCheck;
using KnapsackCloud.Core.Learn;

namespace KnapsackCloud.Core.Tests.Learn;

public class AdvantagesTests
{
    [Fact]
    public void One_success_among_four_stands_out()
    {
        // Mean 1/4, standard deviation sqrt(3)/4.
        var deviation = (Math.Sqrt(3) / 4) + Advantages.Epsilon;
        Assert.Equal([0.75 / deviation, -0.25 / deviation, -0.25 / deviation, -0.25 / deviation], Advantages.OfGroup([1, 0, 0, 0]));
    }

    [Fact]
    public void Without_the_deviation_a_success_counts_as_it_differs_from_the_mean_or_from_the_others()
    {
        Assert.Equal([0.75, -0.25, -0.25, -0.25], Advantages.OfGroup([1, 0, 0, 0], AdvantageNormalisation.None));
        Assert.Equal([1, -1.0 / 3, -1.0 / 3, -1.0 / 3], Advantages.OfGroup([1, 0, 0, 0], AdvantageNormalisation.LeaveOneOut));
    }

    [Fact]
    public void Leaving_one_out_is_the_reward_less_the_mean_of_the_others() =>
        Gen.Double.Unit.Array[2, 20].Sample(rewards =>
        {
            var advantages = Advantages.OfGroup(rewards, AdvantageNormalisation.LeaveOneOut);
            for (var i = 0; i < rewards.Length; i++) Assert.Equal(rewards[i] - rewards.Where((_, other) => other != i).Average(), advantages[i], 9);
        });

    [Fact]
    public void Every_normalisation_has_a_name() =>
        Assert.Equal(Enum.GetValues<AdvantageNormalisation>().Order(), AdvantageNormalisations.Names.Select(AdvantageNormalisations.Of).Order());

    [Fact]
    public void An_empty_group_has_none() => Assert.Empty(Advantages.OfGroup([]));

    [Fact]
    public void A_uniform_group_has_exactly_no_advantage_whatever_its_reward() =>
        Gen.Select(Gen.Double.Unit, Gen.Int[1, 50], Gen.Enum<AdvantageNormalisation>()).Sample((reward, count, normalisation) => Assert.All(Advantages.OfGroup([.. Enumerable.Repeat(reward, count)], normalisation), advantage => Assert.Equal(0.0, advantage)));

    [Fact]
    public void The_float_would_have_lied_about_a_uniform_group()
    {
        // The mean of ten times 0.1 is not 0.1: a test on the advantages would find a gradient here.
        double[] rewards = [.. Enumerable.Repeat(0.1, 10)];
        var sum = 0.0;
        foreach (var reward in rewards) sum += reward;
        Assert.NotEqual(0.1, sum / 10);
        Assert.All(Advantages.OfGroup(rewards), advantage => Assert.Equal(0.0, advantage));
    }

    [Fact]
    public void Advantages_sum_to_nothing_and_keep_the_order_of_the_rewards() =>
        Gen.Double.Unit.Array[2, 40].Sample(rewards =>
        {
            var advantages = Advantages.OfGroup(rewards);
            Assert.Equal(0, advantages.Sum(), 6);
            for (var i = 1; i < rewards.Length; i++) Assert.Equal(Math.Sign(rewards[i] - rewards[0]), Math.Sign(advantages[i] - advantages[0]));
        });

    [Fact]
    public void Rewards_that_hardly_differ_give_finite_advantages() =>
        Assert.All(Advantages.OfGroup([0.5, 0.5 + 1e-12]), advantage => Assert.InRange(Math.Abs(advantage), 0, 1));
}
