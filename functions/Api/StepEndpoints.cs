using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Stages;
using Microsoft.AspNetCore.Http;

namespace KnapsackCloud.Functions.Api;

/// <summary>Shows the steps of a run.</summary>
internal sealed class StepEndpoints(RunBlobs blobs, RunStatusStore statuses)
{
    public const int MostSteps = 1000;
    private const int ReadsAtOnce = 32;

    public async Task ListAsync(HttpContext context)
    {
        var run = Query.Run(context);
        var after = Query.Whole(context, "after", 0, 0, RunSpecReader.MaxSteps + 1);
        var limit = Query.Whole(context, "limit", 100, 1, MostSteps);
        var status = await Found.RunAsync(statuses, run, context.RequestAborted);
        // One beyond the last finished step: it may be collected already, and the closing step has no other number.
        var last = (int)Math.Min(status.Step + 1L, (long)after + limit);
        var steps = await ReadAsync(run, after + 1, last, context.RequestAborted);
        if (steps.Count == limit) context.Response.Headers.Link = $"</api/runs/{run}/steps?limit={limit}&after={steps[^1].Step}>; rel=\"next\"";
        await Reply.JsonAsync(context, steps, ApiJson.Default.IReadOnlyListStepSummary);
    }

    public async Task ShowAsync(HttpContext context)
    {
        var (run, step, cancellation) = (Query.Run(context), Query.Step(context), context.RequestAborted);
        await Found.RunAsync(statuses, run, cancellation);
        var plan = blobs.ReadPlanAsync(run, step, cancellation);
        var summary = blobs.ReadSummaryAsync(run, step, cancellation);
        var learning = blobs.ReadLearningAsync(run, step, cancellation);
        var view = new StepView(step, await plan, await summary, await learning);
        if (view.Plan is null && view.Summary is null) throw Found.Missing($"run {run} has no step {step} yet");
        await Reply.JsonAsync(context, view, ApiJson.Default.StepView);
    }

    /// <summary>Up to the first that is not there.</summary>
    private async Task<IReadOnlyList<StepSummary>> ReadAsync(RunId run, int first, int last, CancellationToken cancellation)
    {
        var steps = new List<StepSummary>();
        foreach (var chunk in Enumerable.Range(first, Math.Max(0, last - first + 1)).Chunk(ReadsAtOnce))
        {
            var read = await Task.WhenAll(chunk.Select(step => blobs.ReadSummaryAsync(run, step, cancellation)));
            steps.AddRange(read.TakeWhile(summary => summary is not null)!);
            if (read.Contains(null)) break;
        }
        return steps;
    }
}
