using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>
/// What decoding reads of a model beside the model's own tensors: all matrices in the layout that they are multiplied in, as much
/// memory again as they take, and angles as floats. Kept by the model, for all engines.
/// </summary>
internal sealed class PackedWeights : IDisposable
{
    private readonly Rotary? _ownRotary;

    private PackedWeights(DecoderModel model)
    {
        _ownRotary = model.Embedding_VxD.dtype == ScalarType.Float32 ? null : new Rotary(model.Config);
        Rotary = _ownRotary ?? model.Rotary;
        Layers = [.. model.Layers.Select(layer => new Layer(new(layer.QueryKeyValue_QKKxD), new(layer.Output_DxQ), new(layer.GateUp_2FxD), new(layer.Down_DxF)))];
        Head = new PackedMatrix(model.Head_VxD);
    }

    public IReadOnlyList<Layer> Layers { get; }
    public PackedMatrix Head { get; }

    /// <summary>Its angles are floats, whatever the model's own are rounded to.</summary>
    public Rotary Rotary { get; }

    /// <summary>Packed by the first who asks.</summary>
    public static PackedWeights Of(DecoderModel model) => model.Derived(it => new PackedWeights(it));

    public void Dispose()
    {
        foreach (var layer in Layers) layer.Dispose();
        Head.Dispose();
        _ownRotary?.Dispose();
    }

    internal sealed record Layer(PackedMatrix QueryKeyValue, PackedMatrix Output, PackedMatrix GateUp, PackedMatrix Down) : IDisposable
    {
        public void Dispose()
        {
            foreach (var matrix in new[] { QueryKeyValue, Output, GateUp, Down }) matrix.Dispose();
        }
    }
}
