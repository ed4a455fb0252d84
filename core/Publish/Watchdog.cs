using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Publish;

/// <summary>What is in the store of a step that a run may work on.</summary>
public sealed record StepSnapshot
{
    public required int Step { get; init; }
    /// <summary>Null before the step is planned.</summary>
    public StepPlan? Plan { get; init; }
    public StepItems Items { get; init; } = StepItems.None;
    /// <summary>Summary and, but on the closing step, ledger are written.</summary>
    public bool IsCollected { get; init; }
    /// <summary>The manifest of the step's policy (of policy 0 before the first step) is written.</summary>
    public bool HasManifest { get; init; }
}

/// <summary>
/// Blobs are the truth, messages are hints: compares what a run wants next with the blobs there are, and says which
/// messages are due. Sending them again is always harmless, and enough to go on after any loss.
/// </summary>
public static class Watchdog
{
    /// <summary>What one step wants, which is the run's next or ahead of it. Pure. Empty when the run is not running.</summary>
    public static IReadOnlyList<IWorkMessage> Due(RunStatus status, StepSnapshot snapshot)
    {
        var run = status.Id;
        if (status.State != RunState.Running) return [];
        if (status.PolicyVersion is null)
            return snapshot.HasManifest ? [new CheckpointReady(run, new PolicyVersion(0))] : [new LearnRequested(run, 0)];

        var step = snapshot.Step;
        if (snapshot.HasManifest) return [new CheckpointReady(run, new PolicyVersion(step))];
        if (snapshot.Plan is not { } plan) return [new PlanRequest(run, step)];
        var pending = plan.Items.Where(snapshot.Items.IsPending).ToList();
        if (pending.Count > 0) return [.. pending.Select(item => new RolloutRequest(run, step, item.Id))];
        if (!plan.IsLast) return [new PlanRequest(run, step, plan.Round + 1)];
        if (!snapshot.IsCollected || step > status.Steps) return [new RolloutDone(run, step, plan.Items[^1].Id)];
        // A step ahead waits for the learner: the publication of the policy before it asks for the update.
        return RunStates.IsDue(status, step) ? [new LearnRequested(run, step)] : [];
    }

    /// <summary>What the next step wants and, within the lag, those after it: a step can be planned once the one before is collected.</summary>
    public static async Task<IReadOnlyList<IWorkMessage>> DueAsync(RunBlobs blobs, RunStatus status, CancellationToken cancellation)
    {
        if (status.State != RunState.Running) return [];
        if (status.PolicyVersion is null) return Due(status, await ReadAsync(blobs, status, 0, cancellation));
        var last = PolicyLag.LastOpen(await blobs.ReadSpecAsync(status.Id, cancellation), status.Step);
        var due = new List<IWorkMessage>();
        for (var (step, open) = (status.Step + 1, true); open && step <= last; step++)
        {
            var snapshot = await ReadAsync(blobs, status, step, cancellation);
            due.AddRange(Due(status, snapshot));
            open = snapshot.IsCollected;
        }

        return due;
    }

    private static async Task<StepSnapshot> ReadAsync(RunBlobs blobs, RunStatus status, int step, CancellationToken cancellation)
    {
        var (run, store) = (status.Id, blobs.Store);
        return new StepSnapshot
        {
            Step = step,
            Plan = step == 0 ? null : await blobs.ReadPlanAsync(run, step, cancellation),
            Items = step == 0 ? StepItems.None : await StepItems.ReadAsync(store, run, step, cancellation),
            IsCollected = step > 0
                && await store.ExistsAsync(BlobNames.Summary(run, step), cancellation)
                && (step > status.Steps || await store.ExistsAsync(BlobNames.Ledger(run, step), cancellation)),
            HasManifest = await store.ExistsAsync(BlobNames.Manifest(run, new PolicyVersion(step)), cancellation),
        };
    }
}
