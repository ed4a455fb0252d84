using KnapsackCloud.Core.Stages;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// Threads that live as long as the learner, each computing on one core. What a shard computes does not depend on the
/// number of threads: shards are dealt out to them in turn.
/// </summary>
internal sealed class ShardThreads : IDisposable
{
    private readonly ComputeThread[] _threads;

    public ShardThreads(int threads)
    {
        _threads = [.. Enumerable.Range(0, threads).Select(i => new ComputeThread($"learner-{i}"))];
        // Both the thread count and the gradient mode are a thread's own. More than one thread inside an operator would
        // make sums depend on the machine.
        foreach (var thread in _threads) Wait([thread.RunAsync(UseOneCore)]);
    }

    /// <summary>Runs the work of every shard and waits for all; results in the order of the shards.</summary>
    public T[] Run<T>(int shards, Func<int, T> work) =>
        Wait(Enumerable.Range(0, shards).Select(shard => _threads[shard % _threads.Length].RunAsync(() => work(shard))));

    /// <summary>Runs work that is not sharded on the first thread.</summary>
    public T RunOne<T>(Func<T> work) => Wait([_threads[0].RunAsync(work)])[0];

    public void Dispose()
    {
        foreach (var thread in _threads) thread.Dispose();
    }

    private static bool UseOneCore()
    {
        // Reading comes first: a thread's first use takes over the number last set anywhere, and would undo a setting before it.
        if (get_num_threads() != 1) set_num_threads(1);
        return true;
    }

    private static T[] Wait<T>(IEnumerable<Task<T>> tasks) => Task.WhenAll(tasks).GetAwaiter().GetResult();
}
