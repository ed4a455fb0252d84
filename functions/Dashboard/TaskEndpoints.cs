using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Core.Stages;
using KnapsackCloud.Functions.Api;
using Microsoft.AspNetCore.Http;

namespace KnapsackCloud.Functions.Dashboard;

/// <summary>Shows a step's tasks page by page: what was planned for each, and what came out.</summary>
internal sealed class TaskEndpoints(RunBlobs blobs, RunStatusStore statuses, PlanIndexes plans, RunTasks tasks)
{
    public const int MostRows = 200;
    public const int MostOffset = 10_000_000;
    /// <summary>Work items read for one page; a group is a click away where that is too few.</summary>
    private const int MostItems = 24;
    private static readonly string[] Orders = ["rollouts", "value", "successRate", "task"];

    public async Task ListAsync(HttpContext context)
    {
        var (run, step, cancellation) = (Query.Run(context), Query.Step(context), context.RequestAborted);
        var (after, limit, order) = (Query.Whole(context, "after", 0, 0, MostOffset), Query.Whole(context, "limit", 50, 1, MostRows), Query.Choice(context, "order", Orders));
        await Found.RunAsync(statuses, run, cancellation);
        var index = await plans.ReadAsync(run, step, cancellation) ?? throw Found.Missing($"run {run} has no step {step} yet");
        var (summary, learning) = (blobs.ReadSummaryAsync(run, step, cancellation), blobs.ReadLearningAsync(run, step, cancellation));
        var page = Sorted(index.Plan.Allocations, order).Skip(after).Take(limit).ToList();
        var outcomes = await OutcomesAsync(run, index, page, cancellation);
        var known = await tasks.ReadTrainingAsync(run, cancellation);
        var plan = index.Plan;
        var view = new StepTasksView(
            step, plan.Round, plan.IsLast, plan.AllocationPolicy, plan.Policy, plan.Certificate, plan.Items.Count, plan.Allocations.Count, await summary, await learning,
            [.. page.Select(one => new TaskRow(one.Task.Value, known[one.Task].Family, one.Rollouts, one.PredictedSuccessRate, one.PredictedMixed, one.Value, one.Cost, outcomes.GetValueOrDefault(one.Task)))]);
        await Reply.JsonAsync(context, view, ApiJson.Default.StepTasksView);
    }

    private static IOrderedEnumerable<TaskAllocation> Sorted(IReadOnlyList<TaskAllocation> allocations, string order) => order switch
    {
        "value" => allocations.OrderByDescending(one => one.Value).ThenBy(one => one.Task),
        "successRate" => allocations.OrderBy(one => one.PredictedSuccessRate).ThenBy(one => one.Task),
        "task" => allocations.OrderBy(one => one.Task),
        _ => allocations.OrderByDescending(one => one.Rollouts).ThenBy(one => one.Task),
    };

    private async Task<Dictionary<TaskId, TaskOutcome>> OutcomesAsync(RunId run, PlanIndex index, IReadOnlyList<TaskAllocation> page, CancellationToken cancellation)
    {
        var items = page.SelectMany(one => index.ItemsOf(one.Task)).Distinct().Take(MostItems).ToHashSet(StringComparer.Ordinal);
        var read = await Task.WhenAll(items.Select(item => blobs.ReadOutcomesAsync(run, index.Plan.Step, item, cancellation)));
        var rows = read.OfType<IReadOnlyList<RolloutOutcome>>().SelectMany(one => one).ToLookup(row => row.Task);
        return page.Where(one => index.ItemsOf(one.Task).All(items.Contains) && rows[one.Task].Count() == one.Rollouts)
            .ToDictionary(one => one.Task, one => OutcomeOf([.. rows[one.Task]]));
    }

    private static TaskOutcome OutcomeOf(IReadOnlyList<RolloutOutcome> rows)
    {
        var rewards = rows.Where(row => row.Reward is not null).Select(row => row.Reward!.Value).ToList();
        return new TaskOutcome(rows.Count, rows.Count - rewards.Count, rewards.Count == 0 ? null : rewards.Average(), rewards.Distinct().Count() > 1);
    }
}
