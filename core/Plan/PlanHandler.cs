using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Plan;

/// <summary>Stage 1: writes the plan of the step that is due, once, and sends its work items that are not there yet.</summary>
public sealed class PlanHandler(RunBlobs blobs, RunTasks tasks, RunStatusStore statuses, IMessageSender outbox, IRunObserver observer)
    : IWorkHandler<PlanRequest>
{
    public async Task<WorkOutcome> HandleAsync(PlanRequest message, CancellationToken cancellation)
    {
        var (run, step) = (message.Run, message.Step);
        if (await StageGuard.SettledAsync(statuses, run, step, cancellation) is { } settled) return settled;
        var plan = await blobs.ReadPlanAsync(run, step, cancellation) ?? await WritePlanAsync(run, step, cancellation);
        await statuses.UpdateAsync(run, status => RunStates.EnterPhase(status, step, RunPhase.Rollout), cancellation);

        var items = await StepItems.ReadAsync(blobs.Store, run, step, cancellation);
        var pending = plan.Items.Where(items.IsPending).ToList();
        foreach (var item in pending) await outbox.SendAsync(new RolloutRequest(run, step, item.Id), cancellation);
        if (pending.Count == 0) await outbox.SendAsync(new RolloutDone(run, step, plan.Items[^1].Id), cancellation);
        return WorkOutcome.Done;
    }

    public Task GiveUpAsync(PlanRequest message, Exception error, CancellationToken cancellation) =>
        statuses.FailAsync(message.Run, $"step {message.Step} could not be planned: {error.Message}", cancellation);

    private async Task<StepPlan> WritePlanAsync(RunId run, int step, CancellationToken cancellation)
    {
        var spec = await blobs.ReadSpecAsync(run, cancellation);
        var training = await tasks.ReadTrainingAsync(run, cancellation);
        var evaluation = await tasks.ReadEvaluationAsync(run, cancellation);
        var ledger = await blobs.RequireLedgerAsync(run, step - 1, cancellation);
        var plan = new StepPlanner(spec, training.Tasks, evaluation.Tasks).Plan(step, ledger);
        var created = await blobs.CreateAsync(BlobNames.Plan(run, step), plan, ContractsJson.Default.StepPlan, cancellation);
        // Another planner, perhaps of another version of this program, may have been first: what is written counts.
        if (!created) plan = await blobs.RequirePlanAsync(run, step, cancellation);
        observer.PlanWritten(run, plan);
        return plan;
    }
}
