using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Stages;
using KnapsackCloud.Core.Tests.Collect;

namespace KnapsackCloud.Core.Tests.Publish;

public class WatchdogTests
{
    private static readonly RunId Run = RunId.Parse("r");
    private static readonly StepPlan Plan = Rollouts.Plan([("a", 2)], Rollouts.Item("t000", WorkPurpose.Training, ("a", 0, 1)), Rollouts.Item("t001", WorkPurpose.Training, ("a", 1, 1)));

    private static RunStatus Status(int? version, RunState state = RunState.Running) => new()
    {
        Id = Run,
        Name = "r",
        State = state,
        Phase = RunPhase.Plan,
        Step = version ?? 0,
        Steps = 3,
        PolicyVersion = version is { } number ? new PolicyVersion(number) : null,
        CreatedAt = DateTimeOffset.UnixEpoch,
        UpdatedAt = DateTimeOffset.UnixEpoch,
    };

    private static StepItems Items(string arrived, string failed) => new(arrived.Split(' ').ToHashSet(), failed.Split(' ').ToHashSet());

    private static void AssertDue(RunStatus status, StepSnapshot snapshot, params IWorkMessage[] due) => Assert.Equal(due, Watchdog.Due(status, snapshot));

    [Fact]
    public void A_run_without_a_policy_wants_one_or_its_publication()
    {
        AssertDue(Status(null), new StepSnapshot { Step = 0 }, new LearnRequested(Run, 0));
        AssertDue(Status(null), new StepSnapshot { Step = 0, HasManifest = true }, new CheckpointReady(Run, new PolicyVersion(0)));
    }

    [Fact]
    public void A_step_without_a_plan_wants_one() => AssertDue(Status(1), new StepSnapshot { Step = 2 }, new PlanRequest(Run, 2));

    [Fact]
    public void A_planned_step_wants_the_items_that_have_neither_blob_nor_marker()
    {
        AssertDue(Status(1), new StepSnapshot { Step = 2, Plan = Plan }, new RolloutRequest(Run, 2, "t000"), new RolloutRequest(Run, 2, "t001"));
        AssertDue(Status(1), new StepSnapshot { Step = 2, Plan = Plan, Items = Items("t000", "") }, new RolloutRequest(Run, 2, "t001"));
        AssertDue(Status(1), new StepSnapshot { Step = 2, Plan = Plan, Items = Items("", "t001") }, new RolloutRequest(Run, 2, "t000"));
    }

    [Fact]
    public void A_step_whose_items_are_all_there_wants_to_be_collected_then_learnt_then_published()
    {
        var whole = new StepSnapshot { Step = 2, Plan = Plan, Items = Items("t000", "t001") };
        AssertDue(Status(1), whole, new RolloutDone(Run, 2, "t001"));
        AssertDue(Status(1), whole with { IsCollected = true }, new LearnRequested(Run, 2));
        AssertDue(Status(1), whole with { IsCollected = true, HasManifest = true }, new CheckpointReady(Run, new PolicyVersion(2)));
    }

    [Fact]
    public void A_step_ahead_of_the_learner_wants_what_any_step_wants_but_to_be_learnt()
    {
        AssertDue(Status(1), new StepSnapshot { Step = 3 }, new PlanRequest(Run, 3));
        AssertDue(Status(1), new StepSnapshot { Step = 3, Plan = Plan, Items = Items("t000", "") }, new RolloutRequest(Run, 3, "t001"));
        var whole = new StepSnapshot { Step = 3, Plan = Plan, Items = Items("t000", "t001") };
        AssertDue(Status(1), whole, new RolloutDone(Run, 3, "t001"));
        AssertDue(Status(1), whole with { IsCollected = true });
        AssertDue(Status(2), whole with { IsCollected = true }, new LearnRequested(Run, 3));
    }

    [Fact]
    public void The_closing_step_is_collected_and_never_learnt() =>
        AssertDue(Status(3), new StepSnapshot { Step = 4, Plan = Plan, Items = Items("t000 t001", ""), IsCollected = true }, new RolloutDone(Run, 4, "t001"));

    [Theory]
    [InlineData(RunState.Paused)]
    [InlineData(RunState.Completed)]
    [InlineData(RunState.Failed)]
    [InlineData(RunState.Cancelled)]
    public void A_run_that_does_not_run_wants_nothing(RunState state) => AssertDue(Status(1, state), new StepSnapshot { Step = 2, Plan = Plan });
}
