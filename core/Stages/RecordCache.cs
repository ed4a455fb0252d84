using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Stages;

/// <summary>
/// The last few record blobs that this process wrote or read. They never change, so a stage that follows another one in
/// the same process need not decode what is still at hand. The oldest go first. Thread-safe.
/// </summary>
/// <param name="capacity">Largest sum of weights kept.</param>
internal sealed class RecordCache(long capacity)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<BlobName, (object Records, long Weight)> _byName = [];
    private readonly Queue<BlobName> _ages = [];
    private long _weight;

    public IReadOnlyList<T>? Find<T>(BlobName name)
    {
        lock (_gate) return _byName.TryGetValue(name, out var entry) ? (IReadOnlyList<T>)entry.Records : null;
    }

    public void Add<T>(BlobName name, IReadOnlyList<T> records, Func<T, long> weigh)
    {
        var weight = records.Sum(weigh);
        lock (_gate)
        {
            if (weight > capacity || !_byName.TryAdd(name, (records, weight))) return;
            _ages.Enqueue(name);
            _weight += weight;
            while (_weight > capacity && _byName.Remove(_ages.Dequeue(), out var oldest)) _weight -= oldest.Weight;
        }
    }
}
