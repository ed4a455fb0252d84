using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;

namespace KnapsackCloud.Core.Tests.Learn;

public class TrainingGroupsTests
{
    [Fact]
    public void The_learner_gets_mixed_groups_and_hears_of_the_tokens_of_all()
    {
        var batch = TrainingGroups.Of([Group("a", (1, 2, false), (0, 3, false)), Group("b", (1, 4, false), (1, 5, false))], new RunSpec());

        Assert.Equal(2, Assert.Single(batch.Groups).Rows.Count);
        Assert.Equal((5, 14), (batch.EffectiveTokens, batch.RolloutTokens));
    }

    [Fact]
    public void A_filtered_rollout_counts_in_the_mean_but_is_not_taught()
    {
        var group = Group("a", (1, 2, false), (0, 3, false), (0, 7, true));

        var kept = Batch(group, new LearningSpec { Advantages = "none" }).Groups[0].Rows;
        var filtered = Batch(group, new LearningSpec { Advantages = "none", Overlong = "filter" }).Groups[0].Rows;

        Assert.Equal([2 / 3.0, -1 / 3.0, -1 / 3.0], kept.Select(row => Math.Round(row.Advantage, 12)), (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Equal(kept.Take(2), filtered);
    }

    [Fact]
    public void A_group_of_which_all_is_filtered_is_left_out() =>
        Assert.Empty(Batch(Group("a", (1, 7, true), (0, 7, true)), new LearningSpec { Overlong = "filter" }).Groups);

    [Fact]
    public void Length_is_penalised_within_a_mixed_group_and_makes_no_uniform_group_mixed()
    {
        var learning = new LearningSpec { Advantages = "none", LengthPenaltyTokens = 4 };

        var rows = Batch(Group("a", (1, 3, false), (1, 5, false), (0, 7, true)), learning).Groups[0].Rows;

        // Rewards are 1, 1 - 2/4 and 0 - 1.
        Assert.Equal([5 / 6.0, 2 / 6.0, -7 / 6.0], rows.Select(row => row.Advantage), (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Empty(Batch(Group("a", (1, 3, false), (1, 7, false)), learning).Groups);
    }

    [Theory]
    [InlineData(6, 0, 0)]
    [InlineData(7, 0, 0)]
    [InlineData(3, 4, 0)]
    [InlineData(4, 4, -0.25)]
    [InlineData(7, 4, -1)]
    public void The_penalty_rises_over_its_ramp(int tokens, int ramp, double penalty) => Assert.Equal(penalty, OverlongRollouts.LengthPenalty(tokens, 7, ramp));

    private static TrainingBatch Batch(TaskGroup<Trajectory> group, LearningSpec learning) => TrainingGroups.Of([group], new RunSpec { Learning = learning });

    private static TaskGroup<Trajectory> Group(string task, params (double Reward, int Tokens, bool CutOff)[] rollouts) =>
        new(TaskId.Parse(task), rollouts.Length, [.. rollouts.Select((rollout, index) => new Trajectory
        {
            Task = TaskId.Parse(task),
            Index = index,
            GroupSize = rollouts.Length,
            PromptIds = [1],
            CompletionIds = new int[rollout.Tokens],
            LogProbs = new float[rollout.Tokens],
            Reward = rollout.Reward,
            StopReason = rollout.CutOff ? StopReason.Length : StopReason.Eos,
            Policy = new PolicyVersion(0),
            Sampling = new SamplingSpec(),
            Seed = 1,
        })]);
}
