using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.GpuWorker;

/// <summary>The threads that generate, dealt out in turn.</summary>
internal sealed class ComputeThreads : IDisposable
{
    private readonly ComputeThread[] _threads;
    private int _next = -1;

    public ComputeThreads(int count) => _threads = [.. Enumerable.Range(1, count).Select(number => new ComputeThread($"rollout-{number}"))];

    public ComputeThread Next() => _threads[Interlocked.Increment(ref _next) % _threads.Length];

    public void Dispose()
    {
        foreach (var thread in _threads) thread.Dispose();
    }
}
