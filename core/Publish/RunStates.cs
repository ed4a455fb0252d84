using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Publish;

/// <summary>
/// The run's state machine, pure: created -> running -> completed | failed | cancelled, with paused &lt;-> running, and a
/// failed run can be resumed. A move that is not allowed returns null and changes nothing.
/// </summary>
public static class RunStates
{
    public static bool IsTerminal(RunState state) => state is RunState.Completed or RunState.Failed or RunState.Cancelled;

    public static bool CanMove(RunState from, RunState to) => (from, to) switch
    {
        (RunState.Created, RunState.Running or RunState.Failed or RunState.Cancelled) => true,
        (RunState.Running, RunState.Paused or RunState.Completed or RunState.Failed or RunState.Cancelled) => true,
        (RunState.Paused, RunState.Running or RunState.Cancelled) => true,
        (RunState.Failed, RunState.Running) => true,
        _ => false,
    };

    public static RunStatus? Resume(RunStatus status) => Move(status, RunState.Running, null);

    /// <param name="reason">For the user: what happened and what can be done.</param>
    public static RunStatus? Pause(RunStatus status, string reason) => Move(status, RunState.Paused, reason);

    public static RunStatus? Cancel(RunStatus status, string? reason) => Move(status, RunState.Cancelled, reason);

    public static RunStatus? Fail(RunStatus status, string reason) => Move(status, RunState.Failed, reason);

    public static RunStatus? Complete(RunStatus status) =>
        Move(status, RunState.Completed, null) is { } completed ? completed with { Phase = RunPhase.Done } : null;

    /// <summary>Shows where the due step is. Within a step the phase only moves forward.</summary>
    public static RunStatus? EnterPhase(RunStatus status, int step, RunPhase phase) =>
        IsDue(status, step) && phase > status.Phase ? status with { Phase = phase } : null;

    /// <summary>The run is running and this is its next step: the step before it is published. Later and earlier steps are not due.</summary>
    public static bool IsDue(RunStatus status, int step) =>
        status.State == RunState.Running && status.PolicyVersion is not null && status.Step == step - 1;

    /// <summary>The run is running and the step may be planned, generated and collected: it is the next one, or no further ahead of it than the lag.</summary>
    public static bool IsOpen(RunStatus status, int step, RunSpec spec) =>
        status.State == RunState.Running && status.PolicyVersion is not null && step > status.Step && step <= PolicyLag.LastOpen(spec, status.Step);

    private static RunStatus? Move(RunStatus status, RunState to, string? reason) =>
        CanMove(status.State, to) ? status with { State = to, Reason = reason } : null;
}
