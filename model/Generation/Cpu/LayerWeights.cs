using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>Where a layer's weights are; null where the architecture has none. Norms and biases are floats in any precision.</summary>
/// <typeparam name="T">Of the matrices' numbers.</typeparam>
internal sealed unsafe class LayerWeights<T>(DecoderLayer layer, PackedWeights.Layer packed, KeptMemory memory) where T : unmanaged
{
    public float* AttentionNorm { get; } = memory.Floats(layer.AttentionNorm_D);
    public Panels<T> QueryKeyValue { get; } = packed.QueryKeyValue.Of<T>();
    public float* QueryKeyValueBias { get; } = memory.Floats(layer.QueryKeyValueBias_QKK);
    public float* QueryKeyNorm { get; } = memory.Floats(layer.QueryKeyNorm_2H);
    public Panels<T> Output { get; } = packed.Output.Of<T>();
    public float* FeedForwardNorm { get; } = memory.Floats(layer.FeedForwardNorm_D);
    public Panels<T> GateUp { get; } = packed.GateUp.Of<T>();
    public Panels<T> Down { get; } = packed.Down.Of<T>();
}
