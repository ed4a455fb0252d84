using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Core.Stages;

/// <summary>
/// Which work items of a step have their blob, and which ended in a terminal marker; both, when a worker finished after
/// its item was given up. Items are named as in the plan.
/// </summary>
public sealed record StepItems(IReadOnlySet<string> Arrived, IReadOnlySet<string> Failed)
{
    private const string BlobSuffix = ".parquet";
    private const string MarkerSuffix = ".failed.json";

    public static StepItems None { get; } = new(new HashSet<string>(), new HashSet<string>());

    /// <summary>Neither blob nor marker: still to be produced.</summary>
    public bool IsPending(WorkItem item) => !Arrived.Contains(item.Id) && !Failed.Contains(item.Id);

    /// <summary>Whether one item has its blob or its marker.</summary>
    public static async Task<bool> IsThereAsync(IRunStore store, RunId run, int step, string item, CancellationToken cancellation) =>
        await store.ExistsAsync(BlobNames.Rollouts(run, step, item), cancellation)
        || await store.ExistsAsync(BlobNames.FailedItem(run, step, item), cancellation);

    public static async Task<StepItems> ReadAsync(IRunStore store, RunId run, int step, CancellationToken cancellation)
    {
        var prefix = BlobNames.RolloutsPrefix(run, step);
        var (arrived, failed) = (new HashSet<string>(), new HashSet<string>());
        await foreach (var name in store.ListAsync(prefix, cancellation))
        {
            var file = name.Value[prefix.Length..];
            if (file.EndsWith(MarkerSuffix, StringComparison.Ordinal)) failed.Add(file[..^MarkerSuffix.Length]);
            else if (file.EndsWith(BlobSuffix, StringComparison.Ordinal)) arrived.Add(file[..^BlobSuffix.Length]);
        }
        return new StepItems(arrived, failed);
    }
}
