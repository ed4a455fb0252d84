using System.Collections.Concurrent;

namespace KnapsackCloud.Model.Tokenizers.Bpe;

/// <summary>Token ids of words seen before. Text repeats its words, so most pieces need no merging. Bounded; once full it stays as it is. Thread-safe.</summary>
internal sealed class WordCache
{
    private const int MaxWords = 1 << 16;

    /// <summary>UTF-16 units; longer pieces rarely come again.</summary>
    private const int MaxLength = 48;

    private readonly ConcurrentDictionary<string, int[]> _words = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private int _count;

    public WordCache() => _lookup = _words.GetAlternateLookup<ReadOnlySpan<char>>();

    public bool TryGet(ReadOnlySpan<char> word, out int[] ids)
    {
        ids = [];
        return word.Length <= MaxLength && _lookup.TryGetValue(word, out ids!);
    }

    public void Add(ReadOnlySpan<char> word, ReadOnlySpan<int> ids)
    {
        if (word.Length > MaxLength || Volatile.Read(ref _count) >= MaxWords) return;
        if (_lookup.TryAdd(word, ids.ToArray())) Interlocked.Increment(ref _count);
    }
}
