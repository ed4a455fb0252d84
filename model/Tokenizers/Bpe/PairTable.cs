using System.Numerics;

namespace KnapsackCloud.Model.Tokenizers.Bpe;

/// <summary>What a pair of tokens becomes, and how early.</summary>
/// <param name="Rank">Lower merges first; <see cref="None"/> for a pair that does not merge.</param>
internal readonly record struct Merge(int Rank, int Merged)
{
    public const int None = int.MaxValue;
}

/// <summary>
/// Merges by pair. Encoding is little else than looking up pairs, most of them in vain, so this is open addressing in one
/// array: one cache miss a pair, where a dictionary takes two or three.
/// </summary>
internal sealed class PairTable
{
    private const long Free = -1;

    private readonly Slot[] _slots;
    private readonly int _shift;

    /// <param name="merges">By rank. Each pair at most once; ids are not negative.</param>
    public PairTable(IReadOnlyList<(int Left, int Right, int Merged)> merges)
    {
        var size = BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, merges.Count + merges.Count / 2));
        _shift = 64 - BitOperations.Log2(size);
        _slots = new Slot[size];
        Array.Fill(_slots, new Slot(Free, default));
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var key = Key(merges[rank].Left, merges[rank].Right);
            var at = Start(key);
            while (_slots[at].Key != Free) at = at + 1 & _slots.Length - 1;
            _slots[at] = new Slot(key, new Merge(rank, merges[rank].Merged));
        }
    }

    public Merge Find(int left, int right)
    {
        var key = Key(left, right);
        var slots = _slots;
        for (var at = Start(key); ; at = at + 1 & slots.Length - 1)
        {
            ref readonly var slot = ref slots[at];
            if (slot.Key == key) return slot.Merge;
            if (slot.Key == Free) return new Merge(Merge.None, 0);
        }
    }

    private static long Key(int left, int right) => (long)left << 32 | (uint)right;

    /// <summary>Multiplicative hashing by 2^64 over the golden ratio; the high bits depend on all of the key.</summary>
    private int Start(long key) => (int)((ulong)(key * unchecked((long)0x9E3779B97F4A7C15)) >> _shift);

    private readonly record struct Slot(long Key, Merge Merge);
}
