using KnapsackCloud.Model.Generation.Cpu;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation;

/// <summary>
/// Keys and values of every row, at most <c>slots</c> positions each: position p of a row is slot p. L layers, R rows,
/// K key-value heads, S slots, D head size. Slots that were not written hold finite numbers, never NaN.
/// </summary>
internal sealed unsafe class KeyValueCache : IDisposable
{
    /// <summary>Where keys and values are, in a processor's memory.</summary>
    private readonly byte*[] _memory = [];

    /// <summary>Bytes of either: of a slot of one head, of all its slots, of a row's heads, of a layer's rows, of all layers.</summary>
    private readonly long _slot, _head, _row, _layer, _all;

    public KeyValueCache(ModelConfig config, int rows, int slots, ScalarType type)
    {
        Keys_LRKSD = zeros([config.NumHiddenLayers, rows, config.NumKeyValueHeads, slots, config.HeadDim], dtype: type).DetachFromDisposeScope();
        Values_LRKSD = zeros_like(Keys_LRKSD).DetachFromDisposeScope();
        _slot = config.HeadDim * Keys_LRKSD.ElementSize;
        _head = slots * _slot;
        _row = config.NumKeyValueHeads * _head;
        _layer = rows * _row;
        _all = config.NumHiddenLayers * _layer;
        if (Keys_LRKSD.device_type == TorchSharp.DeviceType.CPU) _memory = [TensorMemory.Of<byte>(Keys_LRKSD), TensorMemory.Of<byte>(Values_LRKSD)];
    }

    public Tensor Keys_LRKSD { get; }
    public Tensor Values_LRKSD { get; }

    /// <summary>Writes a layer of prompts from slot 0, each to a row.</summary>
    public void WritePrompts(int layer, int[] rows_P, Tensor keys_PKTD, Tensor values_PKTD)
    {
        using var scope = NewDisposeScope();
        foreach (var (prompt, row) in rows_P.Index())
        {
            Slots(Keys_LRKSD).copy_(keys_PKTD.select(0, prompt));
            Slots(Values_LRKSD).copy_(values_PKTD.select(0, prompt));

            Tensor Slots(Tensor cache) => cache.select(0, layer).select(0, row).narrow(1, 0, keys_PKTD.shape[2]);
        }
    }

    /// <summary>Copies a prompt from the first of its rows to the others.</summary>
    public void Repeat(PlacedPrompt prompt)
    {
        foreach (var row in prompt.Rows.Skip(1)) CopyRow(prompt.Rows[0], row, prompt.TokenIds.Count);
    }

    /// <summary>Copies the first <paramref name="slots"/> slots of a row onto another.</summary>
    public void CopyRow(int from, int to, int slots)
    {
        if (_memory.Length == 0) CopyByLibrary(from, to, slots);
        foreach (var memory in _memory) CopyMemory(memory, from, to, slots);
    }

    private void CopyByLibrary(int from, int to, int slots)
    {
        using var scope = NewDisposeScope();
        foreach (var cache in new[] { Keys_LRKSD, Values_LRKSD })
            cache.select(1, to).narrow(2, 0, slots).copy_(cache.select(1, from).narrow(2, 0, slots));
    }

    /// <summary>Without the library, whose calls take longer than the copies of a small model: there is one for each row of each prompt.</summary>
    private void CopyMemory(byte* memory, int from, int to, int slots)
    {
        var written = slots * _slot;
        for (var layer = memory; layer < memory + _all; layer += _layer)
        {
            byte* source = layer + from * _row, target = layer + to * _row;
            for (long head = 0; head < _row; head += _head) Buffer.MemoryCopy(source + head, target + head, written, written);
        }
    }

    public void Dispose()
    {
        Keys_LRKSD.Dispose();
        Values_LRKSD.Dispose();
    }
}
