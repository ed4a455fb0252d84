using CsCheck;
using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Tests.Collect;

public class LedgerFoldTests
{
    private static IReadOnlyList<TaskRecord> Fold(IReadOnlyList<TaskRecord> ledger, int step, params TaskGroup<RolloutOutcome>[] groups) =>
        LedgerFold.Fold(ledger, step, groups, 0.5, task => $"family of {task}");

    [Fact]
    public void A_first_visit_counts_what_was_seen() =>
        Assert.Equal(
            new TaskRecord { Task = TaskId.Parse("a"), Family = "family of a", Successes = 1, Failures = 3, Visits = 1, LastSuccessRate = 0.25, MeanCompletionTokens = 3, LastStep = 4 },
            Assert.Single(Fold([], 4, Rollouts.Group("a", 1, 0, 0, 0))));

    [Fact]
    public void Old_outcomes_fade_at_each_visit_and_only_then()
    {
        var once = Fold([], 1, Rollouts.Group("a", 1, 1, 0, 0), Rollouts.Group("b", 1, 1));
        var twice = Fold(once, 2, Rollouts.Group("a", 0, 0, 0));
        Assert.Equal((1, 4, 2, 0.0, 2), (twice[0].Successes, twice[0].Failures, twice[0].Visits, twice[0].LastSuccessRate, twice[0].LastStep));
        Assert.Equal(once[1], twice[1]);
    }

    [Fact]
    public void Lengths_fade_like_outcomes()
    {
        var once = Fold([], 1, new TaskGroup<RolloutOutcome>(TaskId.Parse("a"), 2, [Rollouts.Outcome("a", 0, 1, tokens: 10), Rollouts.Outcome("a", 1, 0, tokens: 20)]));
        var twice = Fold(once, 2, new TaskGroup<RolloutOutcome>(TaskId.Parse("a"), 1, [Rollouts.Outcome("a", 0, 1, tokens: 5)]));
        Assert.Equal(((0.5 * 2 * 15) + 5) / 2, twice[0].MeanCompletionTokens);
    }

    [Fact]
    public void Errored_rollouts_are_left_out_and_a_group_of_nothing_else_is_no_visit()
    {
        var ledger = Fold([], 1, Rollouts.Group("a", 1, null, null), Rollouts.Group("b", null, null));
        Assert.Equal((1, 0, 1), Assert.Single(ledger) is var only ? (only.Successes, only.Failures, only.Visits) : default);
    }

    [Fact]
    public void A_reward_between_counts_in_part() =>
        Assert.Equal((0.75, 1.25), Assert.Single(Fold([], 1, Rollouts.Group("a", 0.25, 0.5))) is var only ? (only.Successes, only.Failures) : default);

    [Fact]
    public void Rows_are_sorted_and_the_order_of_groups_does_not_matter() =>
        Gen.Shuffle("a b c d e".Split(' ')).Sample(order =>
        {
            var ledger = Fold([], 1, [.. order.Select(task => Rollouts.Group(task, 1, 0))]);
            Assert.Equal(["a", "b", "c", "d", "e"], ledger.Select(record => record.Task.Value));
        });
}
