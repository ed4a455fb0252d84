using System.Collections.Concurrent;

namespace KnapsackCloud.Core.Stages;

/// <summary>
/// One thread for long computations. Native libraries keep state by thread (thread count, gradient mode, memory arenas),
/// and a pool thread held for seconds starves everything else.
/// </summary>
public sealed class ComputeThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;

    public ComputeThread(string name)
    {
        _thread = new Thread(RunWork) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Runs <paramref name="work"/> on the thread, after what was given to it before.</summary>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        // Continuations go to the pool: they must not hold the thread.
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() => Complete(result, work));
        return result.Task;
    }

    /// <summary>Waits for the work given so far.</summary>
    public void Dispose()
    {
        if (_work.IsAddingCompleted) return;
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
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
        foreach (var work in _work.GetConsumingEnumerable()) work();
    }
}
