using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Rollout;

/// <summary>Ends a work item that nobody could produce: a terminal marker, so that counting ends, and a message that says so.</summary>
public sealed class GivenUpItems(RunBlobs blobs, RunStatusStore statuses, IMessageSender outbox, IRunObserver observer)
{
    /// <summary>No effect when the step is not due, and no marker beside a blob. Idempotent.</summary>
    /// <param name="reason">For the user.</param>
    public async Task MarkAsync(RolloutRequest message, string reason, CancellationToken cancellation)
    {
        var (run, step, item) = (message.Run, message.Step, message.Item);
        if (await StageGuard.SettledAsync(statuses, blobs, run, step, cancellation) is not null) return;
        if (!await IsProducedAsync(message, cancellation))
        {
            var marker = new TerminalMarker(MessageFormat.Current, step, item, reason);
            await blobs.CreateAsync(BlobNames.FailedItem(run, step, item), marker, ContractsJson.Default.TerminalMarker, cancellation);
            observer.ItemFailed(run, step, item, reason);
        }
        await outbox.SendAsync(new RolloutDone(run, step, item), cancellation);
    }

    /// <summary>Whether the item has its blob or its marker.</summary>
    public Task<bool> IsProducedAsync(RolloutRequest message, CancellationToken cancellation) =>
        StepItems.IsThereAsync(blobs.Store, message.Run, message.Step, message.Item, cancellation);
}
