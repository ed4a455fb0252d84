using KnapsackCloud.Model.LowRank;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning.Cpu;

/// <summary>
/// The gradient of a projection's change, y += s x (B A)ᵀ on some of its outputs: dB = s dyᵀ (x Aᵀ) and dA = s (dy B)ᵀ x (LoRA, arXiv 2106.09685).
/// No matrix as large as the projection's is made.
/// </summary>
internal static class LowRankGradient
{
    /// <summary>Adds to the gradients of the change's two leaves, which are there.</summary>
    /// <param name="byY_NO">Of all the projection's outputs.</param>
    public static void Add(LowRankMatrix change, double scale, Tensor byY_NO, Tensor x_NI)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var byRows_NP = byY_NO.narrow(1, change.FirstRow, change.Rows);
        change.Up_OxR.grad!.addmm_(byRows_NP.t(), x_NI.mm(change.Down_RxI.t()), beta: 1, alpha: (float)scale);
        change.Down_RxI.grad!.addmm_(byRows_NP.mm(change.Up_OxR).t(), x_NI, beta: 1, alpha: (float)scale);
    }
}
