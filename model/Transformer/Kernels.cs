using TorchSharp;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Transformer;

/// <summary>ATen operators that TorchSharp does not bind, reached through TorchScript; differentiable like any other.</summary>
public static class Kernels
{
    private const string Source = """
        def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
            return torch.rms_norm(x, [x.size(-1)], weight, eps)

        """;

    private static readonly Lazy<jit.CompilationUnit> Unit = new(() => jit.compile(Source));

    /// <summary>silu(gate) * up, [.., F] (SwiGLU, arXiv 2002.05202). Its intermediate tensors are the current scope's.</summary>
    /// <param name="gateUp">Gates and then ups, [.., 2 F].</param>
    public static Tensor SwiGlu(Tensor gateUp)
    {
        // By split, whose backward is one copy; that of each narrow would fill a whole tensor with zeros.
        var halves = gateUp.split(gateUp.shape[^1] / 2, -1);
        return nn.functional.silu(halves[0]) * halves[1];
    }

    /// <summary>x / sqrt(mean(x^2) + eps) * weight over the last dimension (arXiv 1910.07467).</summary>
    public static Tensor RmsNorm(Tensor x, Tensor weight, double eps)
    {
        // A plain double would become a number that nothing holds: its finaliser may free it while the call still reads it.
        using var number = eps.ToScalar();
        return (Tensor)Unit.Value.invoke("rms_norm", x, weight, number)!;
    }
}
