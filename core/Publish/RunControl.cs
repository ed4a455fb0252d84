using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Publish;

/// <summary>What a user can do to a run. Each returns the status afterwards; a move that the state forbids changes nothing.</summary>
public sealed class RunControl(RunBlobs blobs, RunStatusStore statuses, IMessageSender outbox)
{
    /// <summary>Work already leased is finished and kept; nothing new starts.</summary>
    public async Task<RunStatus> PauseAsync(RunId run, string reason, CancellationToken cancellation) =>
        (await statuses.UpdateAsync(run, status => RunStates.Pause(status, reason), cancellation)).Status;

    public async Task<RunStatus> CancelAsync(RunId run, string? reason, CancellationToken cancellation) =>
        (await statuses.UpdateAsync(run, status => RunStates.Cancel(status, reason), cancellation)).Status;

    /// <summary>Paused or failed to running. Work items of unfinished steps that had been given up are tried again.</summary>
    /// <exception cref="InvalidDataException">There is no such run.</exception>
    public async Task<RunStatus> ResumeAsync(RunId run, CancellationToken cancellation)
    {
        if (await statuses.ReadAsync(run, cancellation) is { State: RunState.Failed } failed)
        {
            var last = PolicyLag.LastOpen(await blobs.ReadSpecAsync(run, cancellation), failed.Step);
            for (var step = failed.Step + 1; step <= last; step++) await ForgetFailedItemsAsync(run, step, cancellation);
        }

        var (status, moved) = await statuses.UpdateAsync(run, RunStates.Resume, cancellation);
        if (moved)
            await outbox.SendAllAsync(await Watchdog.DueAsync(blobs, status, cancellation), cancellation);
        return status;
    }

    /// <summary>Markers that a summary already counts are part of the run's history and stay.</summary>
    private async Task ForgetFailedItemsAsync(RunId run, int step, CancellationToken cancellation)
    {
        if (await blobs.ReadSummaryAsync(run, step, cancellation) is not null) return;
        var items = await StepItems.ReadAsync(blobs.Store, run, step, cancellation);
        foreach (var item in items.Failed.Order(StringComparer.Ordinal))
            await blobs.Store.DeleteAsync(BlobNames.FailedItem(run, step, item), cancellation);
    }
}
