using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation.Cpu;

/// <summary>A weight matrix laid out as <see cref="PanelProducts"/> read it. Owns its memory.</summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    /// <summary>A tile is read whole, wherever a part of the columns ends.</summary>
    private const int PanelsBeyond = PanelTiles.Columns / Panels.Columns - 1;

    private readonly Tensor _panels_NKx16;

    /// <param name="weight_NxK">[outputs, inputs], float32 or bfloat16, as it is packed too.</param>
    public PackedMatrix(Tensor weight_NxK)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        long columns = weight_NxK.shape[0], length = weight_NxK.shape[1];
        var (whole, rest) = Math.DivRem(columns, Panels.Columns);
        var used = rest == 0 ? whole : whole + 1;
        _panels_NKx16 = empty([used + PanelsBeyond, length, Panels.Columns], dtype: weight_NxK.dtype).DetachFromDisposeScope();
        _panels_NKx16.narrow(0, whole, used + PanelsBeyond - whole).zero_();
        _panels_NKx16.narrow(0, 0, whole).copy_(weight_NxK.narrow(0, 0, whole * Panels.Columns).view(whole, Panels.Columns, length).transpose(1, 2));
        if (rest > 0) _panels_NKx16[whole].narrow(1, 0, rest).copy_(weight_NxK.narrow(0, columns - rest, rest).t());
    }

    /// <typeparam name="T">The weights' own.</typeparam>
    public Panels<T> Of<T>() where T : unmanaged => new(TensorMemory.Of<T>(_panels_NKx16), (nint)_panels_NKx16.shape[1] * Panels.Columns);

    public void Dispose() => _panels_NKx16.Dispose();
}
