using System.Globalization;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Core.Stages;
using KnapsackCloud.Functions.Api;
using Microsoft.AspNetCore.Http;

namespace KnapsackCloud.Functions.Dashboard;

/// <summary>Shows every rollout of one task in one step, as text where a tokenizer is at hand.</summary>
internal sealed class GroupEndpoint(RunBlobs blobs, RunStatusStore statuses, PlanIndexes plans, RunTasks tasks, RunTokenizers tokenizers)
{
    public async Task ShowAsync(HttpContext context)
    {
        var (run, step, task, cancellation) = (Query.Run(context), Query.Step(context), Query.Task(context), context.RequestAborted);
        await Found.RunAsync(statuses, run, cancellation);
        if (await plans.ReadAsync(run, step, cancellation) is not { } index || index.Find(task) is not { } allocation)
            throw Found.Missing($"step {step} of run {run} has no rollout of task {task}");
        var items = index.ItemsOf(task);
        var read = await Task.WhenAll(items.Select(item => blobs.ReadTrajectoriesAsync(run, step, item, cancellation)));
        var rows = read.OfType<IReadOnlyList<Trajectory>>().SelectMany(one => one).Where(row => row.Task == task).OrderBy(row => row.Index).ToList();
        var decode = await tokenizers.FindAsync(run, index.Plan.Policy, cancellation);
        var known = (await tasks.ReadTrainingAsync(run, cancellation))[task];
        var view = new GroupView(
            step, task.Value, known.Family, known.Prompt, known.Gold, allocation, [.. rows.Select(row => ViewOf(row, decode))],
            await MissingAsync(run, step, items.Where((_, i) => read[i] is null), cancellation));
        await Reply.JsonAsync(context, view, ApiJson.Default.GroupView);
    }

    private static RolloutView ViewOf(Trajectory row, TokenTexts? decode)
    {
        var pieces = decode?.Pieces(row.CompletionIds);
        return new RolloutView(
            row.Index, pieces is null ? null : string.Concat(pieces), [.. row.CompletionIds.Select((id, i) => new TokenView(id, pieces?[i], row.LogProbs[i]))],
            row.Reward, row.RewardParts, row.Error, row.StopReason.ToString().ToLowerInvariant(), row.Policy.Value,
            row.Seed.ToString(CultureInfo.InvariantCulture), row.Worker, row.GenerationSeconds);
    }

    private async Task<IReadOnlyList<MissingItem>> MissingAsync(RunId run, int step, IEnumerable<string> items, CancellationToken cancellation)
    {
        var missing = new List<MissingItem>();
        foreach (var item in items)
        {
            var marker = await blobs.ReadAsync(BlobNames.FailedItem(run, step, item), ContractsJson.Default.TerminalMarker, cancellation);
            missing.Add(new MissingItem(item, marker?.Reason ?? "not there yet"));
        }
        return missing;
    }
}
