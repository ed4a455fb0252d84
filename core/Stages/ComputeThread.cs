namespace KnapsackCloud.Core.Stages;

/// <summary>
/// One thread for long computations. Native libraries keep state by thread (thread count, gradient mode, memory arenas),
/// and a pool thread held for seconds starves everything else.
/// </summary>
public sealed class ComputeThread : IDisposable
{
    // A monitor and no ready-made blocking queue: those spin before they sleep, on cores that others compute on.
    private readonly object _gate = new();
    private readonly Queue<Action> _work = [];
    private readonly Thread _thread;
    private bool _closed;

    public ComputeThread(string name)
    {
        _thread = new Thread(RunWork) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Runs <paramref name="work"/> on the thread, after what was given to it before.</summary>
    /// <exception cref="ObjectDisposedException">The thread was disposed.</exception>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        // Continuations go to the pool: they must not hold the thread.
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _work.Enqueue(() => Complete(result, work));
            Monitor.Pulse(_gate);
        }
        return result.Task;
    }

    /// <summary>Waits for the work given so far.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.Pulse(_gate);
        }
        _thread.Join();
    }

    private static void Complete<T>(TaskCompletionSource<T> result, Func<T> work)
    {
        try
        {
            result.SetResult(work());
        }
        catch (Exception error)
        {
            result.SetException(error);
        }
    }

    private void RunWork()
    {
        while (NextWork() is { } work) work();
    }

    /// <summary>Null when there will be none any more.</summary>
    private Action? NextWork()
    {
        lock (_gate)
        {
            while (_work.Count == 0 && !_closed) Monitor.Wait(_gate);
            return _work.TryDequeue(out var work) ? work : null;
        }
    }
}
