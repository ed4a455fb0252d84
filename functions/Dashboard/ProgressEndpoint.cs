using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Stages;
using KnapsackCloud.Functions.Api;
using KnapsackCloud.Hosting;
using Microsoft.AspNetCore.Http;

namespace KnapsackCloud.Functions.Dashboard;

/// <summary>Shows what goes on in a run at this moment, as far as the store tells: a blob says that its work item is done and who did it.</summary>
internal sealed class ProgressEndpoint(RunBlobs blobs, RunStatusStore statuses, PlanIndexes plans, Backplane backplane, KnapsackOptions knapsack)
{
    public const int MostItems = 16;

    public async Task ShowAsync(HttpContext context)
    {
        var (run, cancellation) = (Query.Run(context), context.RequestAborted);
        var status = await Found.RunAsync(statuses, run, cancellation);
        await Reply.JsonAsync(context, await ReadAsync(status, cancellation), ApiJson.Default.ProgressView);
    }

    private async Task<ProgressView> ReadAsync(RunStatus status, CancellationToken cancellation)
    {
        var run = status.Id;
        var spec = await blobs.ReadSpecAsync(run, cancellation);
        var (step, plan) = await NewestAsync(spec, status, cancellation);
        if (plan is null && status.Step > 0 && RunStates.IsTerminal(status.State))
            (step, plan) = (status.Step, (await plans.ReadAsync(run, status.Step, cancellation))?.Plan);
        var items = await StepItems.ReadAsync(blobs.Store, run, step, cancellation);
        var known = plan?.Items ?? [];
        // A given-up item counts as failed even when its blob came after all: no stage uses that.
        var failed = known.Count(item => items.Failed.Contains(item.Id));
        var waiting = known.Count(items.IsPending);
        return new ProgressView(
            step, plan?.Round ?? 0, plan?.IsLast ?? false, known.Count, known.Count - failed - waiting, failed, waiting, plan is null ? 0 : PolicyLag.Of(step, plan.Policy),
            await WorkersAsync(run, step, known.Where(item => items.Arrived.Contains(item.Id)).Select(item => item.Id).TakeLast(MostItems), cancellation),
            RunLimits.Uses(spec.Limits, status.Totals, status.UpdatedAt - status.CreatedAt),
            knapsack.Store != StoreKind.Embedded ? await Task.WhenAll(backplane.Queues.OrderBy(queue => queue.Key, StringComparer.Ordinal).Select(queue => CountAsync(queue.Value, cancellation))) : []);
    }

    /// <summary>The step that is generated: the next one, or the last that was planned ahead of the learner.</summary>
    private async Task<(int Step, StepPlan? Plan)> NewestAsync(RunSpec spec, RunStatus status, CancellationToken cancellation)
    {
        for (var step = PolicyLag.LastOpen(spec, status.Step); step > status.Step + 1; step--)
        {
            if ((await plans.ReadAsync(status.Id, step, cancellation))?.Plan is { } ahead) return (step, ahead);
        }

        return (status.Step + 1, (await plans.ReadAsync(status.Id, status.Step + 1, cancellation))?.Plan);
    }

    private async Task<IReadOnlyList<WorkerView>> WorkersAsync(RunId run, int step, IEnumerable<string> items, CancellationToken cancellation)
    {
        var read = await Task.WhenAll(items.Select(item => blobs.ReadOutcomesAsync(run, step, item, cancellation)));
        return
        [
            .. read.OfType<IReadOnlyList<RolloutOutcome>>().Where(rows => rows.Count > 0).GroupBy(rows => rows[0].Worker)
                .Select(worker => new WorkerView(
                    worker.Key, worker.Count(), worker.Sum(rows => rows.Count),
                    worker.Sum(rows => rows.Sum(row => (long)row.CompletionTokens)), worker.Sum(rows => rows.Sum(row => row.GenerationSeconds))))
                .OrderBy(worker => worker.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>A queue that does not answer keeps nothing else from being shown.</summary>
    private static async Task<QueueView> CountAsync(IWorkQueue queue, CancellationToken cancellation)
    {
        try
        {
            return new QueueView(queue.Name, await queue.CountAsync(cancellation));
        }
        catch (QueueException)
        {
            return new QueueView(queue.Name, null);
        }
    }
}
