using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Publish;

/// <summary>
/// Stage 5: moves the pointer to a published policy, together with step, phase and totals, in one compare-and-swap; then
/// asks for the next plan, or ends the run, and deletes policies nobody needs any more.
/// </summary>
public sealed class PublishHandler(RunBlobs blobs, RunStatusStore statuses, IMessageSender outbox, TimeProvider time) : IWorkHandler<CheckpointReady>
{
    public async Task<WorkOutcome> HandleAsync(CheckpointReady message, CancellationToken cancellation)
    {
        var (run, version) = (message.Run, message.Version);
        if (await statuses.ReadAsync(run, cancellation) is not { } status) return new WorkOutcome.Rejected($"there is no run {run}");
        if (status.State != RunState.Running || status.PolicyVersion is { } current && version.Value < current.Value) return WorkOutcome.Done;
        if (!await blobs.Store.ExistsAsync(BlobNames.Manifest(run, version), cancellation)) return WorkOutcome.Done;

        var spec = await blobs.ReadSpecAsync(run, cancellation);
        var (step, trouble) = await ReadStepAsync(run, version, cancellation);
        var (moved, _) = await statuses.UpdateAsync(run, before => MovePointer(before, spec, version, step, trouble, time.GetUtcNow()), cancellation);
        // A pointer that stands here already was moved by an earlier delivery that may not have got further.
        if (moved.PolicyVersion != version) return WorkOutcome.Done;
        if (moved.State == RunState.Running) await outbox.SendAllAsync(await NextAsync(spec, moved, cancellation), cancellation);
        // Last: the next step need not wait for a dozen deletions.
        await Retention.PruneAsync(blobs.Store, run, spec, version, cancellation);
        return WorkOutcome.Done;
    }

    /// <summary>
    /// The plan of the step that this policy generates. With a lag the steps before it may be planned, generated or collected already; their
    /// own messages carry them on, and only an update, and perhaps a plan, waited for this policy.
    /// </summary>
    private async Task<IEnumerable<IWorkMessage>> NextAsync(RunSpec spec, RunStatus status, CancellationToken cancellation)
    {
        if (spec.Learning.MaxLag == 0) return [new PlanRequest(status.Id, status.Step + 1)];
        var due = await Watchdog.DueAsync(blobs, status, cancellation);
        if (due.OfType<LearnRequested>().FirstOrDefault() is { } learn)
            await statuses.UpdateAsync(status.Id, before => RunStates.EnterPhase(before, learn.Step, RunPhase.Learn), cancellation);
        return due.Where(message => message is LearnRequested or PlanRequest { Round: 1 });
    }

    public Task GiveUpAsync(CheckpointReady message, Exception error, CancellationToken cancellation) =>
        statuses.FailAsync(message.Run, $"policy {message.Version} could not be published: {error.Message}", cancellation);

    /// <summary>Null when it is not the turn of this version. Pure.</summary>
    private static RunStatus? MovePointer(RunStatus status, RunSpec spec, PolicyVersion version, RunTotals step, string? trouble, DateTimeOffset now)
    {
        var turn = version.Value == 0 ? status.PolicyVersion is null : RunStates.IsDue(status, version.Value);
        if (status.State != RunState.Running || !turn) return null;
        var last = version.Value == spec.Steps;
        var moved = status with
        {
            PolicyVersion = version,
            Step = version.Value,
            Totals = RunLimits.Add(status.Totals, step),
            Phase = last ? RunPhase.Evaluate : RunPhase.Plan,
        };
        if (last) return EvaluationSchedule.HasClosingStep(spec) ? moved : RunStates.Complete(moved);
        return (trouble ?? RunLimits.Reached(spec.Limits, moved.Totals, now - status.CreatedAt)) is { } reason ? RunStates.Pause(moved, reason) : moved;
    }

    /// <summary>What the step adds to the totals, and why the run should pause after it, or null.</summary>
    private async Task<(RunTotals Totals, string? Trouble)> ReadStepAsync(RunId run, PolicyVersion version, CancellationToken cancellation)
    {
        if (version.Value == 0) return (new RunTotals(), null);
        var summary = await blobs.ReadSummaryAsync(run, version.Value, cancellation);
        var learning = await blobs.ReadLearningAsync(run, version.Value, cancellation);
        return summary is null || learning is null
            ? throw new InvalidDataException($"policy {version} is there but the summaries of its step are not: the run's folder is incomplete")
            : (RunLimits.TotalsOf(summary, learning), await SkippedSteps.ReasonAsync(blobs, run, learning, cancellation));
    }
}
