using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Stages;
using KnapsackCloud.Functions.Api;
using Microsoft.AspNetCore.Http;

namespace KnapsackCloud.Functions.Dashboard;

/// <summary>What the charts of a run show, a few numbers a step; of a long run every n-th step.</summary>
internal sealed class CurveEndpoints(RunBlobs blobs, RunStatusStore statuses)
{
    public const int MostPoints = 1000;
    public const int MostColumns = 250;
    private const int ReadsAtOnce = 32;
    private const int KeptSteps = 100_000;
    private readonly StepCache<CurvePoint> _points = new(KeptSteps);
    private readonly StepCache<AllocationBuckets> _columns = new(KeptSteps);

    public async Task CurvesAsync(HttpContext context) =>
        await Reply.JsonAsync(context, await ReadAsync(context, MostPoints, ReadPointAsync), ApiJson.Default.IReadOnlyListCurvePoint);

    public async Task AllocationAsync(HttpContext context) =>
        await Reply.JsonAsync(context, await ReadAsync(context, MostColumns, ReadColumnAsync), ApiJson.Default.IReadOnlyListAllocationBuckets);

    private static CurvePoint PointOf(StepSummary summary) => new(
        summary.Step, Trained(summary, summary.MeanReward), Trained(summary, summary.EffectiveGradientRatio), Trained(summary, summary.EffectivePromptRatio),
        Trained(summary, summary.Predicted.EffectiveGradientRatio), Trained(summary, summary.Predicted.EffectivePromptRatio), summary.Rollouts, summary.ErroredRollouts, summary.Tokens,
        summary.GenerationSeconds, PolicyLag.Of(summary.Step, summary.Policy), summary.Evaluation?.MeanReward);

    private static double? Trained(StepSummary summary, double value) => summary.Groups > 0 ? value : null;

    /// <summary>Up to the first step that is not there.</summary>
    private async Task<IReadOnlyList<T>> ReadAsync<T>(HttpContext context, int most, Func<RunId, int, CancellationToken, Task<T?>> read) where T : class
    {
        var (run, cancellation) = (Query.Run(context), context.RequestAborted);
        var after = Query.Whole(context, "after", 0, 0, RunSpecReader.MaxSteps + 1);
        var limit = Query.Whole(context, "limit", most, 1, most);
        var every = Query.Whole(context, "every", 1, 1, RunSpecReader.MaxSteps);
        var status = await Found.RunAsync(statuses, run, cancellation);
        var found = new List<T>();
        foreach (var steps in StepsOf(after, limit, every, status.Step + 1).Chunk(ReadsAtOnce))
        {
            var values = await Task.WhenAll(steps.Select(step => read(run, step, cancellation)));
            found.AddRange(values.TakeWhile(value => value is not null)!);
            if (values.Contains(null)) break;
        }
        return found;
    }

    private static IEnumerable<int> StepsOf(int after, int limit, int every, int last)
    {
        for (var (step, count) = ((long)after + every, 0); step <= last && count < limit; step += every, count++) yield return (int)step;
    }

    private Task<CurvePoint?> ReadPointAsync(RunId run, int step, CancellationToken cancellation) => _points.ReadAsync(run, step, async () =>
        await blobs.ReadSummaryAsync(run, step, cancellation) is { } summary ? (PointOf(summary), true) : (null, false));

    private Task<AllocationBuckets?> ReadColumnAsync(RunId run, int step, CancellationToken cancellation) => _columns.ReadAsync(run, step, async () =>
        await blobs.ReadPlanAsync(run, step, cancellation) is { } plan ? (AllocationBuckets.Of(plan), plan.IsLast) : (null, false));
}
