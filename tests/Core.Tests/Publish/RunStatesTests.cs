using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Publish;

namespace KnapsackCloud.Core.Tests.Publish;

public class RunStatesTests
{
    private static RunStatus At(RunState state, int step = 0, int? version = 0, RunPhase phase = RunPhase.Plan) => new()
    {
        Id = RunId.Parse("r"),
        Name = "r",
        State = state,
        Phase = phase,
        Step = step,
        Steps = 9,
        PolicyVersion = version is { } number ? new PolicyVersion(number) : null,
        CreatedAt = DateTimeOffset.UnixEpoch,
        UpdatedAt = DateTimeOffset.UnixEpoch,
    };

    [Fact]
    public void These_moves_are_allowed_and_no_others()
    {
        string[] allowed =
        [
            "Created Running", "Created Failed", "Created Cancelled", "Running Paused", "Running Completed", "Running Failed", "Running Cancelled",
            "Paused Running", "Paused Cancelled", "Failed Running",
        ];
        var all = from one in Enum.GetValues<RunState>() from other in Enum.GetValues<RunState>() where RunStates.CanMove(one, other) select $"{one} {other}";
        Assert.Equal(allowed.Order(StringComparer.Ordinal), all.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_move_that_is_not_allowed_is_null()
    {
        Assert.Null(RunStates.Pause(At(RunState.Completed), "why"));
        Assert.Null(RunStates.Resume(At(RunState.Cancelled)));
        Assert.Null(RunStates.Fail(At(RunState.Paused), "why"));
    }

    [Fact]
    public void A_reason_is_kept_until_the_run_goes_on()
    {
        var failed = RunStates.Fail(At(RunState.Running), "disk full")!;
        Assert.Equal("disk full", failed.Reason);
        Assert.Null(RunStates.Resume(failed)!.Reason);
    }

    [Fact]
    public void Only_the_step_after_the_published_one_is_due()
    {
        Assert.Equal([4], Enumerable.Range(0, 9).Where(step => RunStates.IsDue(At(RunState.Running, 3, 3), step)));
        Assert.False(RunStates.IsDue(At(RunState.Paused, 3, 3), 4));
        Assert.False(RunStates.IsDue(At(RunState.Running, 0, null), 1));
    }

    [Fact]
    public void A_phase_moves_forward_within_the_due_step_only()
    {
        var rolling = At(RunState.Running, 3, 3, RunPhase.Rollout);
        Assert.Equal(RunPhase.Learn, RunStates.EnterPhase(rolling, 4, RunPhase.Learn)!.Phase);
        Assert.Null(RunStates.EnterPhase(rolling, 4, RunPhase.Rollout));
        Assert.Null(RunStates.EnterPhase(rolling, 4, RunPhase.Plan));
        Assert.Null(RunStates.EnterPhase(rolling, 3, RunPhase.Learn));
    }
}
