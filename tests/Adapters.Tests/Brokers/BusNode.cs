using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace KnapsackCloud.Adapters.Tests.Brokers;

/// <summary>Settings of a queue of the test broker.</summary>
internal sealed record BusNodeOptions
{
    public TimeSpan LockDuration { get; init; } = TimeSpan.FromSeconds(60);
    public int MaxDeliveryCount { get; init; } = 100;
    /// <summary>Null: no duplicate detection.</summary>
    public TimeSpan? DuplicateWindow { get; init; }
}

/// <summary>A queue as Service Bus has it: peek-lock that runs out, scheduled messages, duplicate detection, dead letters with reason. Time comes from a <see cref="TimeProvider"/>.</summary>
internal sealed class BusNode : IDisposable
{
    private static readonly Symbol Scheduled = new("x-opt-scheduled-enqueue-time");
    private readonly Lock _gate = new();
    private readonly List<BusEntry> _entries = [];
    private readonly List<BusSource> _sources = [];
    private readonly Dictionary<string, DateTimeOffset> _seen = [];
    private readonly BusNodeOptions _options;
    private readonly TimeProvider _time;
    private readonly ITimer _alarm;
    private int _nextSource;

    public BusNode(BusNodeOptions options, TimeProvider time, BusNode? deadLetters)
    {
        (_options, _time, DeadLetters) = (options, time, deadLetters);
        _alarm = time.CreateTimer(_ => Pump(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public BusNode? DeadLetters { get; }

    public int Count
    {
        get { lock (_gate) return _entries.Count; }
    }

    /// <summary>Messages kept, decoded, oldest first.</summary>
    public IReadOnlyList<Message> Peek()
    {
        lock (_gate) return [.. _entries.Select(entry => entry.Decode())];
    }

    /// <summary>False for a duplicate, which is dropped.</summary>
    public bool Send(Message message)
    {
        var now = _time.GetUtcNow();
        lock (_gate)
        {
            if (_options.DuplicateWindow is { } window && message.Properties?.MessageId is { } id)
            {
                if (_seen.TryGetValue(id, out var at) && now - at < window) return false;
                _seen[id] = now;
            }
            var due = message.MessageAnnotations?[Scheduled] is DateTime time ? new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)) : now;
            _entries.Add(new BusEntry(Bytes(message), due));
        }
        Pump();
        return true;
    }

    public void Add(BusSource source)
    {
        lock (_gate) _sources.Add(source);
    }

    public void Remove(BusSource source)
    {
        lock (_gate) _sources.Remove(source);
    }

    public bool Renew(Guid token)
    {
        lock (_gate)
        {
            if (Find(token) is not { } entry) return false;
            entry.LockedUntil = _time.GetUtcNow() + _options.LockDuration;
        }
        Pump();
        return true;
    }

    /// <summary>False when the lock is lost.</summary>
    public bool Settle(Guid token, DeliveryState outcome)
    {
        lock (_gate)
        {
            if (Find(token) is not { } entry) return false;
            entry.Lock = Guid.Empty;
            switch (outcome)
            {
                case Accepted: _entries.Remove(entry); break;
                case Rejected rejected: Bury(entry, rejected.Error?.Info?[new Symbol("DeadLetterReason")] as string, rejected.Error?.Info?[new Symbol("DeadLetterErrorDescription")] as string); break;
                case Modified { DeliveryFailed: true }: CountFailure(entry); break;
            }
        }
        Pump();
        return true;
    }

    public void Dispose() => _alarm.Dispose();

    /// <summary>Lets locks run out, hands what is due to whoever has credit, and sets the alarm for the next change.</summary>
    public void Pump()
    {
        var deliveries = new List<(BusSource Source, Guid Token, Message Message)>();
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            foreach (var entry in _entries.Where(entry => entry.IsLocked && entry.LockedUntil <= now).ToArray())
            {
                entry.Lock = Guid.Empty;
                CountFailure(entry);
            }
            foreach (var entry in _entries.Where(entry => !entry.IsLocked && entry.Due <= now))
            {
                if (TakeCredit() is not { } source) break;
                entry.Lock = Guid.NewGuid();
                entry.LockedUntil = now + _options.LockDuration;
                deliveries.Add((source, entry.Lock, entry.Decode()));
            }
            SetAlarm(now);
        }
        foreach (var (source, token, message) in deliveries) source.Deliver(token, message);
    }

    private void SetAlarm(DateTimeOffset now)
    {
        var next = _entries.Where(entry => entry.Wakes > now).Select(entry => entry.Wakes).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();
        _alarm.Change(next == DateTimeOffset.MaxValue ? Timeout.InfiniteTimeSpan : next - now + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }

    /// <summary>Receivers take turns.</summary>
    private BusSource? TakeCredit()
    {
        for (var i = 0; i < _sources.Count; i++)
        {
            var source = _sources[_nextSource++ % _sources.Count];
            if (source.TryTakeCredit()) return source;
        }
        return null;
    }

    private BusEntry? Find(Guid token) => _entries.Find(entry => entry.Lock == token && entry.IsLocked && entry.LockedUntil > _time.GetUtcNow());

    private void CountFailure(BusEntry entry)
    {
        entry.Deliveries++;
        if (entry.Deliveries >= _options.MaxDeliveryCount) Bury(entry, "MaxDeliveryCountExceeded", $"delivered {entry.Deliveries} times");
    }

    private void Bury(BusEntry entry, string? reason, string? description)
    {
        _entries.Remove(entry);
        var letter = entry.Decode();
        letter.ApplicationProperties ??= new ApplicationProperties();
        letter.ApplicationProperties["DeadLetterReason"] = reason;
        letter.ApplicationProperties["DeadLetterErrorDescription"] = description;
        DeadLetters?.Send(letter);
    }

    private static byte[] Bytes(Message message)
    {
        var buffer = message.Encode();
        return buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).ToArray();
    }
}
