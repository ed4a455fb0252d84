using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Adapters.Embedded;

/// <summary>A message that will not be delivered again, and why.</summary>
public sealed record DeadLetter(string MessageId, ReadOnlyMemory<byte> Body, string Reason);

/// <summary>Behaviour of a <see cref="MemoryQueue"/>.</summary>
public sealed record MemoryQueueOptions
{
    /// <summary>Deliveries before a message goes to the dead letters unasked. Default 10, above the attempts of any pump.</summary>
    public int MaxDeliveries { get; init; } = 10;
    /// <summary>How long a receive waits for a message. Default 20 s.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(20);
    /// <summary>Drop a message whose id already waits. One in work does not count: it may have looked before the cause of this one arose.</summary>
    public bool DropDuplicates { get; init; } = true;
}

/// <summary>Queue in this process with peek-lock leases on a <see cref="TimeProvider"/>. Thread-safe; its content dies with the process and is rebuilt by the watchdog.</summary>
public sealed class MemoryQueue(string name, TimeProvider time, MemoryQueueOptions options) : IWorkQueue
{
    private readonly Lock _gate = new();
    /// <summary>In sending order: waiting, delayed and leased messages alike.</summary>
    private readonly LinkedList<Entry> _entries = [];
    private readonly List<DeadLetter> _deadLetters = [];
    /// <summary>Completed, and replaced, at each change that may make a message due.</summary>
    private TaskCompletionSource _changed = NewSignal();

    public string Name => name;

    /// <summary>Messages not settled yet, leased ones included.</summary>
    public int Count
    {
        get { lock (_gate) return _entries.Count; }
    }

    public IReadOnlyList<DeadLetter> DeadLetters
    {
        get { lock (_gate) return [.. _deadLetters]; }
    }

    public Task<long?> CountAsync(CancellationToken cancellation) => Task.FromResult<long?>(Count);

    public Task SendAsync(ReadOnlyMemory<byte> body, string id, TimeSpan delay, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (options.DropDuplicates && _entries.Any(entry => entry.Id == id && !entry.IsLeased(now))) return Task.CompletedTask;
            _entries.AddLast(new Entry(id, body.ToArray(), now) { DueAt = now + delay });
            SignalChange();
        }
        return Task.CompletedTask;
    }

    public async Task<ILease?> ReceiveAsync(TimeSpan duration, CancellationToken cancellation)
    {
        var pollEnds = time.GetUtcNow() + options.Poll;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            Task changed;
            TimeSpan wait;
            lock (_gate)
            {
                var now = time.GetUtcNow();
                if (TryLease(duration, now) is { } lease) return lease;
                if (now >= pollEnds) return null;
                changed = _changed.Task;
                wait = NextDue(pollEnds) - now;
            }
            await WaitAsync(changed, wait, cancellation);
        }
    }

    private Lease? TryLease(TimeSpan duration, DateTimeOffset now)
    {
        for (var node = _entries.First; node is not null;)
        {
            var (entry, next) = (node.Value, node.Next);
            if (entry.DueAt <= now && entry.Deliveries >= options.MaxDeliveries)
            {
                Bury(node, $"delivered {entry.Deliveries} times without being settled");
            }
            else if (entry.DueAt <= now)
            {
                entry.Deliveries++;
                entry.LeaseNumber++;
                entry.Leased = true;
                entry.DueAt = now + duration;
                return new Lease(this, node, entry.LeaseNumber, entry.Deliveries);
            }
            node = next;
        }
        return null;
    }

    private DateTimeOffset NextDue(DateTimeOffset latest)
    {
        foreach (var entry in _entries) if (entry.DueAt < latest) latest = entry.DueAt;
        return latest;
    }

    private async Task WaitAsync(Task changed, TimeSpan wait, CancellationToken cancellation)
    {
        using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await Task.WhenAny(changed, Task.Delay(wait, time, abandoned.Token));
        await abandoned.CancelAsync();
    }

    /// <summary>Settles a lease that is still held; false when it was lost.</summary>
    private bool Settle(LinkedListNode<Entry> node, int leaseNumber, Action<Entry, DateTimeOffset> settle)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (node.List is null || node.Value.LeaseNumber != leaseNumber || !node.Value.IsLeased(now)) return false;
            settle(node.Value, now);
            SignalChange();
            return true;
        }
    }

    private static void GiveBack(Entry entry, DateTimeOffset due)
    {
        entry.Leased = false;
        entry.DueAt = due;
    }

    private void Bury(LinkedListNode<Entry> node, string reason)
    {
        _entries.Remove(node);
        _deadLetters.Add(new DeadLetter(node.Value.Id, node.Value.Body, reason));
    }

    private void SignalChange()
    {
        var changed = _changed;
        _changed = NewSignal();
        changed.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Entry(string id, byte[] body, DateTimeOffset sentAt)
    {
        public string Id { get; } = id;
        public DateTimeOffset SentAt { get; } = sentAt;
        public byte[] Body { get; } = body;
        public int Deliveries { get; set; }
        /// <summary>Which lease is the current one: an older lease of the message has no say any more.</summary>
        public int LeaseNumber { get; set; }
        public bool Leased { get; set; }
        /// <summary>When it may be delivered: the end of its delay or of its lease.</summary>
        public DateTimeOffset DueAt { get; set; }

        public bool IsLeased(DateTimeOffset now) => Leased && DueAt > now;
    }

    private sealed class Lease(MemoryQueue queue, LinkedListNode<Entry> node, int number, int attempt) : ILease
    {
        public ReadOnlyMemory<byte> Body => node.Value.Body;
        public string MessageId => node.Value.Id;
        public int Attempt => attempt;
        public DateTimeOffset? SentAt => node.Value.SentAt;

        public Task CompleteAsync(CancellationToken cancellation) => Settle((_, _) => queue._entries.Remove(node));

        public Task SnoozeAsync(TimeSpan delay, CancellationToken cancellation) => Settle((entry, now) =>
        {
            entry.Deliveries--;
            GiveBack(entry, now + delay);
        });

        public Task AbandonAsync(CancellationToken cancellation) => Settle((entry, now) => GiveBack(entry, now));

        public Task RejectAsync(string reason, CancellationToken cancellation) => Settle((_, _) => queue.Bury(node, reason));

        public Task<bool> RenewAsync(TimeSpan duration, CancellationToken cancellation) =>
            Task.FromResult(queue.Settle(node, number, (entry, now) => entry.DueAt = now + duration));

        /// <summary>A lost lease is no error here: the message comes again, and finds its work done.</summary>
        private Task Settle(Action<Entry, DateTimeOffset> settle)
        {
            queue.Settle(node, number, settle);
            return Task.CompletedTask;
        }
    }
}
