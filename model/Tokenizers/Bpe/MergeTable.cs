using System.Buffers;

namespace KnapsackCloud.Model.Tokenizers.Bpe;

/// <summary>
/// The merges of a byte-pair encoding: again and again the pair of lowest rank, the leftmost of equals, becomes one
/// token. Immutable and thread-safe.
/// </summary>
/// <param name="merges">By rank: the two tokens and what they become. Each pair at most once.</param>
internal sealed class MergeTable(IReadOnlyList<(int Left, int Right, int Merged)> merges)
{
    /// <summary>Up to here looking at every pair again is faster than a queue.</summary>
    private const int ShortWord = 40;

    private readonly PairTable _pairs = new(merges);

    /// <summary>Merges in place.</summary>
    /// <returns>How many tokens are left, at the front.</returns>
    public int Apply(Span<int> ids) => ids.Length <= ShortWord ? ApplyByScan(ids) : ApplyByQueue(ids);

    private int ApplyByScan(Span<int> ids)
    {
        Span<Merge> found = stackalloc Merge[ShortWord];
        var count = ids.Length;
        for (var i = 0; i + 1 < count; i++) found[i] = _pairs.Find(ids[i], ids[i + 1]);
        while (count > 1)
        {
            var best = 0;
            for (var i = 1; i + 1 < count; i++) if (found[i].Rank < found[best].Rank) best = i;
            if (found[best].Rank == Merge.None) break;
            ids[best] = found[best].Merged;
            ids[(best + 2)..count].CopyTo(ids[(best + 1)..]);
            found[(best + 1)..(count - 1)].CopyTo(found[best..]);
            count--;
            if (best > 0) found[best - 1] = _pairs.Find(ids[best - 1], ids[best]);
            if (best + 1 < count) found[best] = _pairs.Find(ids[best], ids[best + 1]);
        }

        return count;
    }

    /// <summary>n log n: a word may be a whole text without a space.</summary>
    private int ApplyByQueue(Span<int> ids)
    {
        var links = ArrayPool<int>.Shared.Rent(2 * ids.Length);
        try
        {
            return ApplyByQueue(ids, links.AsSpan(0, ids.Length), links.AsSpan(ids.Length, ids.Length));
        }
        finally
        {
            ArrayPool<int>.Shared.Return(links);
        }
    }

    private int ApplyByQueue(Span<int> ids, Span<int> before, Span<int> after)
    {
        var queue = new PriorityQueue<int, long>(ids.Length);
        for (var i = 0; i < ids.Length; i++)
        {
            (before[i], after[i]) = (i - 1, i + 1);
            if (i + 1 < ids.Length) Enqueue(queue, i, _pairs.Find(ids[i], ids[i + 1]));
        }

        while (queue.TryDequeue(out var merged, out var priority))
        {
            var (rank, at) = ((int)(priority >> 32), (int)priority);
            var right = after[at];
            // A neighbour may have changed since the pair was queued, or the place itself have gone into the one before.
            if (ids[at] < 0 || right == ids.Length || _pairs.Find(ids[at], ids[right]).Rank != rank) continue;
            (ids[at], ids[right]) = (merged, -1);
            after[at] = after[right];
            if (after[at] < ids.Length)
            {
                before[after[at]] = at;
                Enqueue(queue, at, _pairs.Find(merged, ids[after[at]]));
            }

            if (before[at] >= 0) Enqueue(queue, before[at], _pairs.Find(ids[before[at]], merged));
        }

        var count = 0;
        foreach (var id in ids) if (id >= 0) ids[count++] = id;
        return count;
    }

    private static void Enqueue(PriorityQueue<int, long> queue, int at, Merge merge)
    {
        if (merge.Rank != Merge.None) queue.Enqueue(merge.Merged, (long)merge.Rank << 32 | (uint)at);
    }
}
