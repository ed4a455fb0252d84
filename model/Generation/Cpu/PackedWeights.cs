using KnapsackCloud.Model.Transformer;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>All matrices of a model in the layout that decoding multiplies them in: as much memory again as they take. Kept by the model, for all engines.</summary>
internal sealed class PackedWeights : IDisposable
{
    private PackedWeights(DecoderModel model)
    {
        Layers = [.. model.Layers.Select(layer => new Layer(new(layer.QueryKeyValue_QKKxD), new(layer.Output_DxQ), new(layer.GateUp_2FxD), new(layer.Down_DxF)))];
        Head = new PackedMatrix(model.Head_VxD);
    }

    public IReadOnlyList<Layer> Layers { get; }
    public PackedMatrix Head { get; }

    /// <summary>Packed by the first who asks.</summary>
    public static PackedWeights Of(DecoderModel model) => model.Derived(it => new PackedWeights(it));

    public void Dispose()
    {
        foreach (var layer in Layers) layer.Dispose();
        Head.Dispose();
    }

    internal sealed record Layer(PackedMatrix QueryKeyValue, PackedMatrix Output, PackedMatrix GateUp, PackedMatrix Down) : IDisposable
    {
        public void Dispose()
        {
            foreach (var matrix in new[] { QueryKeyValue, Output, GateUp, Down }) matrix.Dispose();
        }
    }
}
