using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>Where a layer's weights are; null where the architecture has none.</summary>
internal sealed unsafe class LayerWeights(DecoderLayer layer, PackedWeights.Layer packed)
{
    public float* AttentionNorm { get; } = TensorMemory.Of(layer.AttentionNorm_D);
    public Panels QueryKeyValue { get; } = packed.QueryKeyValue.Panels;
    public float* QueryKeyValueBias { get; } = layer.QueryKeyValueBias_QKK is { } bias ? TensorMemory.Of(bias) : null;
    public float* QueryKeyNorm { get; } = layer.QueryKeyNorm_2H is { } norm ? TensorMemory.Of(norm) : null;
    public Panels Output { get; } = packed.Output.Panels;
    public float* FeedForwardNorm { get; } = TensorMemory.Of(layer.FeedForwardNorm_D);
    public Panels GateUp { get; } = packed.GateUp.Panels;
    public Panels Down { get; } = packed.Down.Panels;
}
