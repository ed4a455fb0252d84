using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Publish;

/// <summary>
/// Looks over all running runs and sends again what has been due for too long. What is due is read from the blobs; how
/// long is remembered here, so that a new process waits once more before it sends. A stage that only takes long gets
/// doubles of its message, ever more rarely, which change nothing. One call at a time.
/// </summary>
public sealed class WatchdogSweep(RunBlobs blobs, RunCatalog runs, IMessageSender outbox, TimeProvider time, WatchdogOptions options)
{
    private const int PageSize = 100;
    private readonly Dictionary<RunId, Waiting> _waiting = [];

    /// <summary>The messages sent again.</summary>
    /// <exception cref="InvalidDataException">What is stored of some run cannot be read; the other runs were looked at.</exception>
    public async Task<IReadOnlyList<IWorkMessage>> SweepAsync(CancellationToken cancellation)
    {
        var sent = new List<IWorkMessage>();
        var running = new HashSet<RunId>();
        var unreadable = new List<InvalidDataException>();
        await foreach (var status in RunningAsync(unreadable, cancellation))
        {
            running.Add(status.Id);
            try
            {
                var overdue = Overdue(status, await Watchdog.DueAsync(blobs, status, cancellation));
                await outbox.SendAllAsync(overdue, cancellation);
                sent.AddRange(overdue);
            }
            catch (InvalidDataException error)
            {
                unreadable.Add(error);
            }
        }
        foreach (var run in _waiting.Keys.Where(run => !running.Contains(run)).ToList()) _waiting.Remove(run);
        return unreadable.Count == 0 ? sent : throw new InvalidDataException(string.Join("; ", unreadable.Select(error => error.Message)), unreadable[0]);
    }

    private async IAsyncEnumerable<RunStatus> RunningAsync(
        List<InvalidDataException> unreadable, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        RunId? last = null;
        while (true)
        {
            var page = await runs.ReadPageAsync(last, PageSize, cancellation);
            unreadable.AddRange(page.Unreadable);
            if (page.Runs.Count == 0) yield break;
            foreach (var status in page.Runs.Where(status => status.State == RunState.Running)) yield return status;
            last = page.Runs[^1].Id;
        }
    }

    /// <summary>Empty while the run moves, and for a while after it last did.</summary>
    private IReadOnlyList<IWorkMessage> Overdue(RunStatus status, IReadOnlyList<IWorkMessage> due)
    {
        var now = time.GetUtcNow();
        var ids = due.Select(message => message.Id).ToHashSet(StringComparer.Ordinal);
        if (!_waiting.TryGetValue(status.Id, out var waiting) || waiting.Since != status.UpdatedAt || !waiting.Ids.SetEquals(ids))
        {
            _waiting[status.Id] = new Waiting(status.UpdatedAt, ids, now, options.Patience);
            return [];
        }
        if (now - waiting.From < waiting.Patience) return [];
        var doubled = waiting.Patience * 2;
        _waiting[status.Id] = waiting with { From = now, Patience = doubled < options.LongestPatience ? doubled : options.LongestPatience };
        return due;
    }

    /// <param name="Since">When the status last moved.</param>
    /// <param name="From">Since when exactly these messages are due, or when they were last sent.</param>
    private sealed record Waiting(DateTimeOffset Since, HashSet<string> Ids, DateTimeOffset From, TimeSpan Patience);
}

/// <summary>When a run that stands still is helped.</summary>
public sealed record WatchdogOptions
{
    /// <summary>How long the same messages are due before they are sent again; longer than a work item takes and than the queues' window of duplicate detection. Default 6 minutes.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(6);

    /// <summary>The wait doubles with each time, up to this. Default one hour.</summary>
    public TimeSpan LongestPatience { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Time between two looks, where no timer of a host sets it. Default one minute.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);
}
