using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Tests.Collect;

public class GroupJoinTests
{
    private static readonly WorkItem First = Rollouts.Item("t000", WorkPurpose.Training, ("b", 0, 2), ("a", 0, 1));
    private static readonly WorkItem Second = Rollouts.Item("t001", WorkPurpose.Training, ("b", 2, 1));
    private static readonly WorkItem Held = Rollouts.Item("e000", WorkPurpose.Evaluation, ("z", 0, 1));
    private static readonly StepPlan Plan = Rollouts.Plan([("a", 1), ("b", 3), ("c", 0)], First, Second, Held);

    private static ItemResult<Trajectory>[] Whole =>
    [
        new(First, [Rollouts.Of("b", 1, 1), Rollouts.Of("b", 0, 0), Rollouts.Of("a", 0, 1)]),
        new(Second, [Rollouts.Of("b", 2, 0)]),
        new(Held, [Rollouts.Of("z", 0, 1)]),
    ];

    [Fact]
    public void Chunks_of_several_items_become_one_group_in_index_order_and_groups_come_in_plan_order()
    {
        var groups = GroupJoin.Join(Plan, Whole, WorkPurpose.Training);
        Assert.Equal(["a", "b"], groups.Select(group => group.Task.Value));
        Assert.Equal([0, 1, 2], groups[1].Arrived.Select(trajectory => trajectory.Index));
        Assert.Equal(3, groups[1].Planned);
    }

    [Fact]
    public void Evaluation_is_kept_apart() =>
        Assert.Equal(["z"], GroupJoin.Join(Plan, Whole, WorkPurpose.Evaluation).Select(group => group.Task.Value));

    [Fact]
    public void A_group_goes_on_without_the_chunk_of_a_failed_item()
    {
        var groups = GroupJoin.Join(Plan, [Whole[0], new ItemResult<Trajectory>(Second, null), Whole[2]], WorkPurpose.Training);
        Assert.Equal((3, 2), (groups[1].Planned, groups[1].Arrived.Count));
    }

    [Fact]
    public void A_blob_with_a_rollout_missing_doubled_strange_or_of_another_policy_is_refused()
    {
        Trajectory[][] wrong =
        [
            [],
            [Rollouts.Of("b", 2, 0), Rollouts.Of("b", 2, 0)],
            [Rollouts.Of("b", 1, 0)],
            [Rollouts.Of("c", 2, 0)],
            [Rollouts.Of("b", 2, 0, policy: 1)],
        ];
        Assert.All(wrong, rows => Assert.Throws<InvalidDataException>(() => GroupJoin.Join(Plan, [Whole[0], new ItemResult<Trajectory>(Second, rows)], WorkPurpose.Training)));
    }

    [Fact]
    public void A_rollout_planned_in_two_items_is_refused()
    {
        var twin = Rollouts.Item("t001", WorkPurpose.Training, ("b", 1, 1));
        var plan = Plan with { Items = [First, twin] };
        Assert.Throws<InvalidDataException>(() => GroupJoin.Join(plan, [Whole[0], new ItemResult<Trajectory>(twin, [Rollouts.Of("b", 1, 0)])], WorkPurpose.Training));
    }
}
