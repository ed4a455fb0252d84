using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Publish;

namespace KnapsackCloud.Core.Stages;

/// <summary>First look of every stage: is there work to do for the message's step?</summary>
public static class StageGuard
{
    /// <summary>For the learner. Null when the step is the next; else how to settle the message: a step that is past, or a run that is paused or over, needs nothing.</summary>
    /// <param name="step">0 is due until policy 0 is published.</param>
    public static async Task<WorkOutcome?> SettledAsync(RunStatusStore statuses, RunId run, int step, CancellationToken cancellation)
    {
        if (await statuses.ReadAsync(run, cancellation) is not { } status) return Unknown(run);
        var due = step == 0 ? status is { State: RunState.Running, PolicyVersion: null } : RunStates.IsDue(status, step);
        return due ? null : WorkOutcome.Done;
    }

    /// <summary>For the stages that run ahead of the learner as far as the spec's lag allows; null as above.</summary>
    public static async Task<WorkOutcome?> SettledAsync(RunStatusStore statuses, RunBlobs blobs, RunId run, int step, CancellationToken cancellation)
    {
        if (await statuses.ReadAsync(run, cancellation) is not { } status) return Unknown(run);
        return await IsOpenAsync(blobs, status, step, cancellation) ? null : WorkOutcome.Done;
    }

    /// <summary>Whether a step may be planned, generated and collected.</summary>
    public static async Task<bool> IsOpenAsync(RunBlobs blobs, RunStatus status, int step, CancellationToken cancellation) =>
        RunStates.IsDue(status, step) || RunStates.IsOpen(status, step, await blobs.ReadSpecAsync(status.Id, cancellation));

    private static WorkOutcome.Rejected Unknown(RunId run) => new($"there is no run {run}");
}
