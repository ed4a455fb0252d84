using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Collect;

/// <summary>
/// Stage 3: once every work item of the step has its blob or its marker, asks for the next round or, after the last one,
/// writes the summary and the ledger and sends learn work. The summary comes first and says which items count as failed; ledger and learner follow it, so that a
/// blob that arrives late cannot be seen by one and missed by the other.
/// </summary>
public sealed class CollectHandler(RunBlobs blobs, RunTasks tasks, RunStatusStore statuses, IMessageSender outbox, IRunObserver observer)
    : IWorkHandler<RolloutDone>
{
    private readonly ArrivalWatch _arrivals = new(blobs);

    public async Task<WorkOutcome> HandleAsync(RolloutDone message, CancellationToken cancellation)
    {
        var (run, step) = (message.Run, message.Step);
        if (await StageGuard.SettledAsync(statuses, blobs, run, step, cancellation) is { } settled) return settled;
        var plan = await blobs.RequirePlanAsync(run, step, cancellation);
        if (await _arrivals.IsAnyPendingAsync(run, plan, message.Item, cancellation)) return WorkOutcome.Done;
        var items = await StepItems.ReadAsync(blobs.Store, run, step, cancellation);
        if (plan.Items.Any(items.IsPending)) return WorkOutcome.Done;
        if (!plan.IsLast)
        {
            await outbox.SendAsync(new PlanRequest(run, step, plan.Round + 1), cancellation);
            return WorkOutcome.Done;
        }

        var spec = await blobs.ReadSpecAsync(run, cancellation);
        var mayGoAhead = spec.Learning.MaxLag > 0 && !await blobs.Store.ExistsAsync(BlobNames.Ledger(run, step), cancellation);
        if (!await CollectAsync(run, spec, plan, items, cancellation)) return WorkOutcome.Done;
        if (EvaluationSchedule.IsClosing(spec, step))
            await statuses.UpdateAsync(run, RunStates.Complete, cancellation);
        else
            await GoOnAsync(spec, run, step, mayGoAhead, cancellation);
        return WorkOutcome.Done;
    }

    public Task GiveUpAsync(RolloutDone message, Exception error, CancellationToken cancellation) =>
        statuses.FailAsync(message.Run, $"step {message.Step} could not be collected: {error.Message}", cancellation);

    /// <summary>
    /// The learner goes on where the policy before is there; otherwise its publication asks for the update. The next step is planned
    /// meanwhile where the lag allows it, and only by whoever collected the step: a plan that is asked for twice sends its work twice. Where
    /// that message is lost the next publication asks for the plan.
    /// </summary>
    private async Task GoOnAsync(RunSpec spec, RunId run, int step, bool mayGoAhead, CancellationToken cancellation)
    {
        var (status, _) = await statuses.UpdateAsync(run, before => RunStates.EnterPhase(before, step, RunPhase.Learn), cancellation);
        if (RunStates.IsDue(status, step)) await outbox.SendAsync(new LearnRequested(run, step), cancellation);
        if (mayGoAhead && RunStates.IsOpen(status, step + 1, spec)) await outbox.SendAsync(new PlanRequest(run, step + 1), cancellation);
    }

    /// <summary>False when nothing of the step can be learnt from because all of it failed: the run has ended.</summary>
    private async Task<bool> CollectAsync(RunId run, RunSpec spec, StepPlan plan, StepItems items, CancellationToken cancellation)
    {
        var closing = EvaluationSchedule.IsClosing(spec, plan.Step);
        var summary = await blobs.ReadSummaryAsync(run, plan.Step, cancellation);
        if (summary is not null && (closing || await blobs.Store.ExistsAsync(BlobNames.Ledger(run, plan.Step), cancellation))) return true;

        var failed = summary?.FailedItems ?? [.. plan.Items.Select(item => item.Id).Where(items.Failed.Contains)];
        var results = await StepResults.ReadOutcomesAsync(blobs, run, plan, failed, cancellation);
        var training = GroupJoin.Join(plan, results, WorkPurpose.Training);
        if (training.Count > 0 && training.All(group => group.Scored.Count == 0))
        {
            await FailStepAsync(run, plan.Step, training, failed, cancellation);
            return false;
        }
        if (summary is null)
        {
            summary = await SummariseAsync(run, spec, plan, training, results, failed, cancellation);
            var created = await blobs.CreateAsync(BlobNames.Summary(run, plan.Step), summary, ContractsJson.Default.StepSummary, cancellation);
            // Somebody else was first and may have counted other items as failed: what is written decides.
            if (!created) return await CollectAsync(run, spec, plan, items, cancellation);
        }
        if (!closing) await FoldAsync(run, spec, plan, training, cancellation);
        observer.StepCollected(run, summary);
        return true;
    }

    private async Task<StepSummary> SummariseAsync(
        RunId run, RunSpec spec, StepPlan plan, IReadOnlyList<TaskGroup<RolloutOutcome>> training, IReadOnlyList<ItemResult<RolloutOutcome>> results,
        IReadOnlyList<string> failed, CancellationToken cancellation)
    {
        var known = await tasks.ReadTrainingAsync(run, cancellation);
        var evaluation = await EvaluateAsync(run, spec, plan, results, cancellation);
        return StepSummaries.Summarise(plan, training, evaluation, failed, id => known[id].Family);
    }

    private async Task<EvaluationSummary?> EvaluateAsync(
        RunId run, RunSpec spec, StepPlan plan, IReadOnlyList<ItemResult<RolloutOutcome>> results, CancellationToken cancellation)
    {
        var groups = GroupJoin.Join(plan, results, WorkPurpose.Evaluation);
        if (groups.Count == 0) return null;
        var evaluationTasks = await tasks.ReadEvaluationAsync(run, cancellation);
        return StepSummaries.Evaluate(groups, spec.Evaluation.Samples, id => evaluationTasks[id].Family);
    }

    private async Task FoldAsync(RunId run, RunSpec spec, StepPlan plan, IReadOnlyList<TaskGroup<RolloutOutcome>> training, CancellationToken cancellation)
    {
        var known = await tasks.ReadTrainingAsync(run, cancellation);
        var before = await blobs.RequireLedgerAsync(run, plan.Step - 1, cancellation);
        var after = LedgerFold.Fold(before, plan.Step, training, spec.Allocation.Discount, id => known[id].Family);
        await blobs.CreateLedgerAsync(run, plan.Step, after, cancellation);
    }

    private async Task FailStepAsync(RunId run, int step, IReadOnlyList<TaskGroup<RolloutOutcome>> training, IReadOnlyList<string> failed, CancellationToken cancellation)
    {
        var error = training.SelectMany(group => group.Arrived).Select(rollout => rollout.Error).FirstOrDefault(text => text is not null);
        if (error is null && failed.Count > 0)
            error = (await blobs.ReadAsync(BlobNames.FailedItem(run, step, failed[0]), ContractsJson.Default.TerminalMarker, cancellation))?.Reason;
        await statuses.FailAsync(run, $"no rollout of step {step} got a reward, the first because: {error ?? "unknown"}", cancellation);
    }
}
