using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Collect;

/// <summary>Reads what came of a step's work items.</summary>
public static class StepResults
{
    /// <summary>Blobs fetched at once: most of the time of one goes by on the way.</summary>
    private const int ReadsAtOnce = 16;

    /// <summary>In plan order.</summary>
    /// <param name="failed">Items counted as failed, whether or not they have a blob by now.</param>
    /// <exception cref="InvalidDataException">Another item has no blob, or one that cannot be read.</exception>
    public static async Task<IReadOnlyList<ItemResult>> ReadAsync(
        RunBlobs blobs, RunId run, StepPlan plan, IReadOnlyList<string> failed, CancellationToken cancellation)
    {
        var withoutResult = failed.ToHashSet(StringComparer.Ordinal);
        var results = new List<ItemResult>();
        foreach (var items in plan.Items.Chunk(ReadsAtOnce)) results.AddRange(await Task.WhenAll(items.Select(ReadAsync)));
        return results;

        async Task<ItemResult> ReadAsync(WorkItem item) => new(item, withoutResult.Contains(item.Id) ? null
            : await blobs.ReadTrajectoriesAsync(run, plan.Step, item.Id, cancellation)
                ?? throw new InvalidDataException($"blob {BlobNames.Rollouts(run, plan.Step, item.Id)} is missing: the run's folder is incomplete"));
    }
}
