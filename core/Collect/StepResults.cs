using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Collect;

/// <summary>Reads what came of a step's work items, in plan order. Items counted as failed have no result, whether or not they have a blob by now.</summary>
public static class StepResults
{
    /// <summary>Blobs fetched at once: most of the time of one goes by on the way.</summary>
    private const int ReadsAtOnce = 16;

    /// <exception cref="InvalidDataException">Another item has no blob, or one that cannot be read.</exception>
    public static Task<IReadOnlyList<ItemResult<RolloutOutcome>>> ReadOutcomesAsync(
        RunBlobs blobs, RunId run, StepPlan plan, IReadOnlyList<string> failed, CancellationToken cancellation) =>
        ReadAsync(item => blobs.ReadOutcomesAsync(run, plan.Step, item, cancellation), run, plan, failed);

    /// <summary>With all tokens, as the learner needs them.</summary>
    /// <exception cref="InvalidDataException">Another item has no blob, or one that cannot be read.</exception>
    public static Task<IReadOnlyList<ItemResult<Trajectory>>> ReadTrajectoriesAsync(
        RunBlobs blobs, RunId run, StepPlan plan, IReadOnlyList<string> failed, CancellationToken cancellation) =>
        ReadAsync(item => blobs.ReadTrajectoriesAsync(run, plan.Step, item, cancellation), run, plan, failed);

    private static async Task<IReadOnlyList<ItemResult<TRollout>>> ReadAsync<TRollout>(
        Func<string, Task<IReadOnlyList<TRollout>?>> read, RunId run, StepPlan plan, IReadOnlyList<string> failed) where TRollout : IRollout
    {
        var withoutResult = failed.ToHashSet(StringComparer.Ordinal);
        var results = new List<ItemResult<TRollout>>();
        foreach (var items in plan.Items.Chunk(ReadsAtOnce)) results.AddRange(await Task.WhenAll(items.Select(ReadAsync)));
        return results;

        async Task<ItemResult<TRollout>> ReadAsync(WorkItem item) => new(item, withoutResult.Contains(item.Id) ? null
            : await read(item.Id)
                ?? throw new InvalidDataException($"blob {BlobNames.Rollouts(run, plan.Step, item.Id)} is missing: the run's folder is incomplete"));
    }
}
