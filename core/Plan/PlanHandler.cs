using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Plan;

/// <summary>Stage 1: writes the plan of the round that is due, once, and sends the step's work items that are not there yet.</summary>
public sealed class PlanHandler(RunBlobs blobs, RunTasks tasks, RunStatusStore statuses, IMessageSender outbox, IRunObserver observer)
    : IWorkHandler<PlanRequest>
{
    public async Task<WorkOutcome> HandleAsync(PlanRequest message, CancellationToken cancellation)
    {
        var (run, step) = (message.Run, message.Step);
        if (await StageGuard.SettledAsync(statuses, blobs, run, step, cancellation) is { } settled) return settled;
        var plan = await blobs.ReadPlanAsync(run, step, cancellation);
        var items = await StepItems.ReadAsync(blobs.Store, run, step, cancellation);
        if (plan is null && !await IsReadyAsync(run, step, cancellation)) return WorkOutcome.Done;
        if (IsDue(message.Round, plan, items)) plan = await WriteRoundAsync(run, step, plan, items, cancellation);
        // A round that is not due yet: Collect asks again when it is.
        if (plan is null) return WorkOutcome.Done;
        await statuses.UpdateAsync(run, status => RunStates.EnterPhase(status, step, RunPhase.Rollout), cancellation);

        var pending = plan.Items.Where(items.IsPending).ToList();
        await outbox.SendAllAsync(pending.Select(item => new RolloutRequest(run, step, item.Id)), cancellation);
        // Named by the round: a queue with duplicate detection has seen the last item's message before.
        if (pending.Count == 0) await outbox.SendAsync(new RolloutDone(run, step, plan.Round == 1 ? plan.Items[^1].Id : $"round-{plan.Round}"), cancellation);
        return WorkOutcome.Done;
    }

    public Task GiveUpAsync(PlanRequest message, Exception error, CancellationToken cancellation) =>
        statuses.FailAsync(message.Run, $"step {message.Step} could not be planned: {error.Message}", cancellation);

    /// <summary>Whether the step before is collected. One that runs ahead of the learner may be asked for too early; Collect asks again.</summary>
    private async Task<bool> IsReadyAsync(RunId run, int step, CancellationToken cancellation) =>
        step == 1 || (await blobs.ReadSpecAsync(run, cancellation)).Learning.MaxLag == 0 || await blobs.Store.ExistsAsync(BlobNames.Ledger(run, step - 1), cancellation);

    /// <summary>Whether the round is the next one and all that was planned before it is done or given up.</summary>
    private static bool IsDue(int round, StepPlan? plan, StepItems items) =>
        plan is null ? round == 1 : !plan.IsLast && round == plan.Round + 1 && !plan.Items.Any(items.IsPending);

    /// <returns>All rounds as one, with the new one.</returns>
    private async Task<StepPlan> WriteRoundAsync(RunId run, int step, StepPlan? before, StepItems items, CancellationToken cancellation)
    {
        var spec = await blobs.ReadSpecAsync(run, cancellation);
        var training = await tasks.ReadTrainingAsync(run, cancellation);
        var evaluation = await tasks.ReadEvaluationAsync(run, cancellation);
        var ledger = await blobs.RequireLedgerAsync(run, step - 1, cancellation);
        var planner = new StepPlanner(spec, training.Tasks, evaluation.Tasks);
        var previous = planner.NeedsPrevious && step > 1 ? await blobs.ReadPlanAsync(run, step - 1, cancellation) : null;
        var soFar = before is null ? null : await ReadSoFarAsync(run, before, items, cancellation);
        var plan = planner.Plan(step, ledger, soFar, previous);
        await blobs.CreateAsync(BlobNames.Plan(run, step, plan.Round), plan, ContractsJson.Default.StepPlan, cancellation);
        // Another planner, perhaps of another version of this program, may have been first: what is written counts.
        var written = await blobs.RequirePlanAsync(run, step, cancellation);
        observer.PlanWritten(run, written);
        return written;
    }

    private async Task<StepSoFar> ReadSoFarAsync(RunId run, StepPlan before, StepItems items, CancellationToken cancellation)
    {
        IReadOnlyList<string> failed = [.. before.Items.Select(item => item.Id).Where(items.Failed.Contains)];
        return new StepSoFar(before, GroupJoin.Join(before, await StepResults.ReadOutcomesAsync(blobs, run, before, failed, cancellation), WorkPurpose.Training));
    }
}
