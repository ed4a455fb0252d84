using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Publish;

namespace KnapsackCloud.Core.Stages;

/// <summary>First look of every stage: is the message's step the one that is due?</summary>
public static class StageGuard
{
    /// <summary>Null when the step is due; else how to settle the message: a step that is past, or a run that is paused or over, needs nothing.</summary>
    /// <param name="step">0 is due until policy 0 is published.</param>
    public static async Task<WorkOutcome?> SettledAsync(RunStatusStore statuses, RunId run, int step, CancellationToken cancellation)
    {
        if (await statuses.ReadAsync(run, cancellation) is not { } status) return new WorkOutcome.Rejected($"there is no run {run}");
        var due = step == 0 ? status is { State: RunState.Running, PolicyVersion: null } : RunStates.IsDue(status, step);
        return due ? null : WorkOutcome.Done;
    }
}
