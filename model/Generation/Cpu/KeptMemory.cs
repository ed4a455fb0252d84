using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>Tensors whose memory is worked on directly, kept as long as this.</summary>
internal sealed unsafe class KeptMemory : IDisposable
{
    private readonly List<Tensor> _tensors = [];

    /// <summary>The numbers of a tensor as floats: its own memory where it has them, which others may own too. Null for none.</summary>
    public float* Floats(Tensor? numbers)
    {
        if (numbers is null) return null;
        using var scope = NewDisposeScope();
        return Keep(numbers.to(ScalarType.Float32).contiguous());
    }

    /// <summary>Floats of any value.</summary>
    public float* Empty(params ReadOnlySpan<long> shape) => Keep(empty(shape.ToArray()));

    /// <summary>Floats that are finite whatever of them was written.</summary>
    public float* Zeros(params ReadOnlySpan<long> shape) => Keep(zeros(shape.ToArray()));

    public void Dispose()
    {
        foreach (var tensor in _tensors) tensor.Dispose();
    }

    private float* Keep(Tensor tensor)
    {
        _tensors.Add(tensor.DetachFromDisposeScope());
        return TensorMemory.Of<float>(tensor);
    }
}
