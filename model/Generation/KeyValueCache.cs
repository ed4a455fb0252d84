using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation;

/// <summary>
/// Keys and values of every row, at most <c>slots</c> positions each: position p of a row is slot p. L layers, R rows,
/// K key-value heads, S slots, D head size. Slots that were not written hold finite numbers, never NaN.
/// </summary>
internal sealed class KeyValueCache : IDisposable
{
    public KeyValueCache(ModelConfig config, int rows, int slots, ScalarType type)
    {
        Keys_LRKSD = zeros([config.NumHiddenLayers, rows, config.NumKeyValueHeads, slots, config.HeadDim], dtype: type).DetachFromDisposeScope();
        Values_LRKSD = zeros_like(Keys_LRKSD).DetachFromDisposeScope();
    }

    public Tensor Keys_LRKSD { get; }
    public Tensor Values_LRKSD { get; }

    /// <summary>Writes a layer of prompts from slot 0, each to as many rows as it has rollouts, one after another.</summary>
    public void WritePrompts(int layer, int firstRow, IReadOnlyList<int> rollouts_P, Tensor keys_PKTD, Tensor values_PKTD)
    {
        using var scope = NewDisposeScope();
        foreach (var (prompt, count) in rollouts_P.Index())
        {
            Rows(Keys_LRKSD).copy_(keys_PKTD.narrow(0, prompt, 1));
            Rows(Values_LRKSD).copy_(values_PKTD.narrow(0, prompt, 1));
            firstRow += count;

            Tensor Rows(Tensor cache) => cache.select(0, layer).narrow(0, firstRow, count).narrow(2, 0, keys_PKTD.shape[2]);
        }
    }

    /// <summary>Copies the first <paramref name="slots"/> slots of a row onto those after it, so that <paramref name="count"/> are the same.</summary>
    public void RepeatRow(int row, int count, int slots)
    {
        if (count == 1) return;
        using var scope = NewDisposeScope();
        foreach (var cache in new[] { Keys_LRKSD, Values_LRKSD })
            cache.narrow(1, row + 1, count - 1).narrow(3, 0, slots).copy_(cache.narrow(1, row, 1).narrow(3, 0, slots));
    }

    /// <summary>Copies the first <paramref name="slots"/> slots of a row onto another.</summary>
    public void MoveRow(int from, int to, int slots)
    {
        using var scope = NewDisposeScope();
        foreach (var cache in new[] { Keys_LRKSD, Values_LRKSD })
            cache.select(1, to).narrow(2, 0, slots).copy_(cache.select(1, from).narrow(2, 0, slots));
    }

    public void Dispose()
    {
        Keys_LRKSD.Dispose();
        Values_LRKSD.Dispose();
    }
}
