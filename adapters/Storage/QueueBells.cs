using System.Collections.Concurrent;

namespace KnapsackCloud.Adapters.Storage;

/// <summary>
/// Wakes the receivers of other processes on this machine when a message is sent: a storage queue can only be looked at,
/// and each look costs its emulator time that the work in hand wants too. A file for each queue, in a folder that the
/// processes share, is written to and watched. A ring that gets lost costs a pause, never a message. Thread-safe.
/// </summary>
public sealed class QueueBells : IDisposable
{
    private readonly ConcurrentDictionary<string, QueueBell> _bells = new(StringComparer.Ordinal);
    private readonly FileSystemWatcher _watcher;
    private readonly string _folder;

    /// <param name="folder">Made when it is missing.</param>
    public QueueBells(string folder)
    {
        _folder = Directory.CreateDirectory(folder).FullName;
        _watcher = new FileSystemWatcher(_folder) { NotifyFilter = NotifyFilters.LastWrite };
        _watcher.Changed += (_, change) => Rung(change.Name);
        // Events were lost: whoever waits had better look.
        _watcher.Error += (_, _) => { foreach (var bell in _bells.Values) bell.Rung(); };
        try
        {
            _watcher.EnableRaisingEvents = true;
        }
        catch (IOException)
        {
            // The system watches no more folders for this user: receivers look again after their pauses.
        }
    }

    /// <param name="queue">A valid name of a storage queue.</param>
    public QueueBell Of(string queue) => _bells.GetOrAdd(queue, name => new QueueBell(Path.Combine(_folder, name)));

    public void Dispose() => _watcher.Dispose();

    private void Rung(string? queue)
    {
        if (queue is not null && _bells.TryGetValue(queue, out var bell)) bell.Rung();
    }
}

/// <summary>The bell of one queue.</summary>
public sealed class QueueBell
{
    private readonly string _file;
    private TaskCompletionSource _next = NewRing();

    internal QueueBell(string file)
    {
        _file = file;
        using var made = Open();
    }

    /// <summary>Completes when it rings after this was asked for. Ask before looking into the queue: what is sent in between rings.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public void Ring()
    {
        try
        {
            using var file = Open();
            file.WriteByte(0);
        }
        catch (IOException)
        {
            // Whoever waits looks again after the pause.
        }
    }

    internal void Rung() => Interlocked.Exchange(ref _next, NewRing()).TrySetResult();

    private FileStream Open() => new(_file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    private static TaskCompletionSource NewRing() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
