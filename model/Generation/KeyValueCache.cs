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

    /// <summary>Writes a layer of prompts from slot 0, each to as many consecutive rows as <paramref name="prompts_R"/> names it.</summary>
    /// <param name="prompts_R">For each row from <paramref name="firstRow"/> on, the index of its prompt in the tensors.</param>
    public void WritePrompts(int layer, int firstRow, Tensor prompts_R, Tensor keys_PKTD, Tensor values_PKTD)
    {
        Write(Keys_LRKSD, keys_PKTD);
        Write(Values_LRKSD, values_PKTD);

        void Write(Tensor cache, Tensor prompts)
        {
            using var scope = NewDisposeScope();
            cache.select(0, layer).narrow(0, firstRow, prompts_R.shape[0]).narrow(2, 0, prompts.shape[2]).copy_(prompts.index_select(0, prompts_R));
        }
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
