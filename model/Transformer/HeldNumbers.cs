using TorchSharp;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Transformer;

/// <summary>
/// Arithmetic of tensors with numbers that live until the native call returns. TorchSharp makes a native number of every
/// plain one, the hidden 1 of <c>a + b</c> included, and lets go of it before the call has read it: a garbage collection at
/// that moment frees it under the call, which then fails or computes with something else. So code that runs often uses no
/// plain number with a tensor and no <c>+</c>; <c>a - b</c>, <c>a * b</c> and <c>a / b</c> of two tensors are safe. Results
/// belong to the current dispose scope.
/// </summary>
internal static class HeldNumbers
{
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

    public static Tensor Between(this Tensor a, double low, double high)
    {
        using var heldLow = low.ToScalar();
        using var heldHigh = high.ToScalar();
        return a.clamp(heldLow, heldHigh);
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
