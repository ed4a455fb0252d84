using static TorchSharp.torch;

namespace KnapsackCloud.Model.Weights;

/// <summary>Memory of contiguous CPU tensors.</summary>
internal static class TensorBytes
{
    /// <summary>A span holds at most 2^31 - 1 bytes; larger tensors come in pieces.</summary>
    private const long PieceElements = 1L << 26;

    public delegate void Visitor(Span<byte> bytes);

    /// <summary>Gives the tensor's own memory to the visitor, in order.</summary>
    /// <exception cref="ArgumentException">The tensor is not contiguous or not on the CPU.</exception>
    public static void Visit(Tensor contiguous, Visitor visitor)
    {
        if (!contiguous.is_contiguous() || contiguous.device_type != TorchSharp.DeviceType.CPU)
            throw new ArgumentException("only contiguous CPU tensors have bytes in order", nameof(contiguous));
        using var scope = NewDisposeScope();
        var flat = contiguous.detach().view(-1);
        var elements = flat.shape[0];
        for (long at = 0; at < elements; at += PieceElements)
            visitor(flat.narrow(0, at, Math.Min(PieceElements, elements - at)).bytes);
    }
}
