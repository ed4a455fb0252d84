using TorchSharp;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Transformer;

/// <summary>
/// Arithmetic of tensors with numbers that live until the native call returns. TorchSharp makes a native number of every
/// plain one, the hidden 1 of <c>a + b</c> included, and lets go of it before the call has read it: a garbage collection at
/// that moment frees it under the call, which then fails or computes with something else. So no code gives a
/// tensor a plain number or uses <c>+</c>: build/BannedSymbols.Torch.txt makes that an error of the build. <c>a - b</c>,
/// <c>a * b</c> and <c>a / b</c> of two tensors are safe. Results belong to the current dispose scope.
/// </summary>
internal static class HeldNumbers
{
    private static readonly Scalar Zero = 0.ToScalar();
    private static readonly Scalar One = 1.ToScalar();
    private static readonly Scalar MinusInfinity = float.NegativeInfinity.ToScalar();

    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, One);

    /// <summary>In place; returns nothing, so that nobody disposes the tensor twice.</summary>
    public static void Increase(this Tensor a, Tensor b)
    {
        using var scope = NewDisposeScope();
        a.add_(b, One);
    }

    public static Tensor Times(this Tensor a, double factor)
    {
        using var held = factor.ToScalar();
        return a.mul(held);
    }

    /// <summary>In place, as <see cref="Increase"/>.</summary>
    public static void Scale(this Tensor a, double factor)
    {
        using var scope = NewDisposeScope();
        using var held = factor.ToScalar();
        a.mul_(held);
    }

    public static Tensor Squared(this Tensor a) => a * a;

    public static Tensor Between(this Tensor a, double low, double high)
    {
        using var heldLow = low.ToScalar();
        using var heldHigh = high.ToScalar();
        return a.clamp(heldLow, heldHigh);
    }

    /// <summary>0, 1 … count - 1, as int64.</summary>
    public static Tensor Range(long count)
    {
        using var end = count.ToScalar();
        return arange(Zero, end, One, ScalarType.Int64);
    }

    /// <summary>A vector of one number.</summary>
    public static Tensor Filled(long count, double number, ScalarType type, Device? device = null)
    {
        using var held = number.ToScalar();
        return full(count, held, dtype: type, device: device);
    }

    /// <summary>Minus infinity where true, 0 elsewhere: added to attention scores it forbids.</summary>
    public static Tensor Forbidding(this Tensor forbidden, ScalarType type = ScalarType.Float32) =>
        zeros(forbidden.shape, dtype: type).masked_fill_(forbidden, MinusInfinity);

    /// <summary>The value of a tensor with one element.</summary>
    public static double Value(this Tensor single)
    {
        using var scope = NewDisposeScope();
        return single.detach().cpu().to(ScalarType.Float64).data<double>()[0];
    }
}
