using System.Collections.Concurrent;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Functions.Dashboard;

/// <summary>What was made of blobs that never change, by run and step. Thread-safe.</summary>
/// <param name="capacity">When so many are kept, all are dropped: most are never asked for again.</param>
internal sealed class StepCache<T>(int capacity) where T : class
{
    private readonly ConcurrentDictionary<(RunId, int), T> _kept = [];

    /// <summary>Null when there is nothing of the step yet; only what is final is kept.</summary>
    public async Task<T?> ReadAsync(RunId run, int step, Func<Task<(T? Value, bool IsFinal)>> read)
    {
        if (_kept.TryGetValue((run, step), out var known)) return known;
        var (value, isFinal) = await read();
        if (value is null || !isFinal) return value;
        if (_kept.Count >= capacity) _kept.Clear();
        return _kept.GetOrAdd((run, step), value);
    }
}
