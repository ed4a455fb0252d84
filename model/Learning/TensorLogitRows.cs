using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>By tensor operations, on any device and in any precision.</summary>
internal sealed class TensorLogitRows : ILogitRows
{
    /// <inheritdoc/>
    public LogitSums Sums(Tensor logits_CV, Tensor targets_C)
    {
        using var scope = NewDisposeScope();
        var below_CV = logits_CV - Largest(logits_CV);
        var logSums_C = below_CV.exp().sum(-1).log();
        var logProbs_C = below_CV.gather(1, targets_C.unsqueeze(1)).squeeze(1) - logSums_C;
        var means_C = (below_CV - logSums_C.unsqueeze(1)).exp_().mul_(below_CV).sum(-1);
        return new(logProbs_C.MoveToOuterDisposeScope(), (logSums_C - means_C).MoveToOuterDisposeScope(), logSums_C.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public void ToGradient(Tensor logits_CV, Tensor logSums_C, Tensor targets_C, Tensor byLogProb_C, (Tensor Values_C, Tensor ByEntropy_C)? entropies)
    {
        using var scope = NewDisposeScope();
        var logProbs_CV = logits_CV.sub_(Largest(logits_CV)).sub_(logSums_C.unsqueeze(1));
        var factors = entropies is { } given
            ? -byLogProb_C.unsqueeze(1) - logProbs_CV.Plus(given.Values_C.unsqueeze(1)) * given.ByEntropy_C.unsqueeze(1)
            : -byLogProb_C.unsqueeze(1);
        // In place, because these are the largest tensors there are.
        logProbs_CV.exp_().mul_(factors).scatter_add_(1, targets_C.unsqueeze(1), byLogProb_C.unsqueeze(1));
    }

    private static Tensor Largest(Tensor logits_CV) => logits_CV.amax([1], keepdim: true);
}
