using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Publish;

/// <summary>
/// What becomes of a message that its queue gave up, where a queue does so by itself: because every process that took it
/// died, or a host abandoned it too often. While its step is due nobody else would end the wait, so the end is made
/// visible: a terminal marker for a work item, a failed run, resumable, for a stage. An old or foreign message changes nothing.
/// </summary>
public sealed class DeadLetters(RunBlobs blobs, RunStatusStore statuses, IMessageSender outbox, IRunObserver observer)
{
    private const string Cause = "was delivered as often as its queue allows and never came to an end; the hosts' logs say why";

    /// <summary>Completed when the end is visible or nothing waits for the message, Rejected when it names what is not there.</summary>
    public async Task<WorkOutcome> HandleAsync(IWorkMessage message, CancellationToken cancellation)
    {
        if (await statuses.ReadAsync(message.Run, cancellation) is not { } status) return new WorkOutcome.Rejected($"there is no run {message.Run}");
        if (!await IsAwaitedAsync(status, message, cancellation)) return WorkOutcome.Done;
        if (message is RolloutRequest item) return await EndItemAsync(item, cancellation);
        await statuses.FailAsync(message.Run, $"message {message.Id} {Cause}", cancellation);
        return WorkOutcome.Done;
    }

    private async Task<bool> IsAwaitedAsync(RunStatus status, IWorkMessage message, CancellationToken cancellation) => message switch
    {
        LearnRequested { Step: 0 } or CheckpointReady { Version.Value: 0 } => status is { State: RunState.Running, PolicyVersion: null },
        PlanRequest or RolloutRequest or RolloutDone => await StageGuard.IsOpenAsync(blobs, status, message.Step, cancellation),
        LearnRequested { Step: var step } => RunStates.IsDue(status, step),
        CheckpointReady { Version: var version } => RunStates.IsDue(status, version.Value),
        _ => false,
    };

    private async Task<WorkOutcome> EndItemAsync(RolloutRequest message, CancellationToken cancellation)
    {
        var plan = await blobs.ReadPlanAsync(message.Run, message.Step, cancellation);
        if (plan?.Items.Any(item => item.Id == message.Item) is not true)
            return new WorkOutcome.Rejected($"the plan of step {message.Step} has no work item '{message.Item}'");
        await new GivenUpItems(blobs, statuses, outbox, observer).MarkAsync(message, $"work item {message.Item} {Cause}", cancellation);
        return WorkOutcome.Done;
    }
}
