using System.Collections.Concurrent;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Collect;

/// <summary>
/// Answers cheaply, for nearly every message of a large step, that some work item is still to come: by looking at one that was not
/// seen yet instead of listing all. Each process looks at an item that is there once. Thread-safe.
/// </summary>
internal sealed class ArrivalWatch(RunBlobs blobs)
{
    private const int StepsKept = 16;
    private readonly ConcurrentDictionary<(RunId Run, int Step, int Round), Seen> _steps = [];

    /// <summary>True only when an item has neither blob nor marker at this moment; its own message is still to come then.</summary>
    /// <param name="done">Believed to be there without a look.</param>
    public async Task<bool> IsAnyPendingAsync(RunId run, StepPlan plan, string done, CancellationToken cancellation)
    {
        if (_steps.Count > StepsKept) _steps.Clear();
        var seen = _steps.GetOrAdd((run, plan.Step, plan.Round), _ => new Seen());
        seen.Add(done);
        while (seen.Next(plan.Items) is { } item)
        {
            if (!await StepItems.IsThereAsync(blobs.Store, run, plan.Step, item.Id, cancellation)) return true;
            seen.Add(item.Id);
        }

        return false;
    }

    private sealed class Seen
    {
        private readonly Lock _gate = new();
        private readonly HashSet<string> _items = new(StringComparer.Ordinal);
        private int _next;

        public void Add(string item)
        {
            lock (_gate) _items.Add(item);
        }

        /// <summary>First item that was not seen; null when all were.</summary>
        public WorkItem? Next(IReadOnlyList<WorkItem> items)
        {
            lock (_gate)
            {
                while (_next < items.Count && _items.Contains(items[_next].Id)) _next++;
                return _next < items.Count ? items[_next] : null;
            }
        }
    }
}
