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
        var logSums_C = logits_CV.logsumexp(-1);
        var logProbs_C = logits_CV.gather(1, targets_C.unsqueeze(1)).squeeze(1) - logSums_C;
        var means_C = (logits_CV - logSums_C.unsqueeze(1)).exp_().mul_(logits_CV).sum(-1);
        return new(logProbs_C.MoveToOuterDisposeScope(), (logSums_C - means_C).MoveToOuterDisposeScope(), logSums_C.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public void ToGradient(Tensor logits_CV, Tensor logSums_C, Tensor targets_C, Tensor byLogProb_C, (Tensor Values_C, Tensor ByEntropy_C)? entropies)
    {
        using var scope = NewDisposeScope();
        var logProbs_CV = logits_CV.sub_(logSums_C.unsqueeze(1));
        var factors = entropies is { } given
            ? -byLogProb_C.unsqueeze(1) - logProbs_CV.Plus(given.Values_C.unsqueeze(1)) * given.ByEntropy_C.unsqueeze(1)
            : -byLogProb_C.unsqueeze(1);
        // In place, because these are the largest tensors there are.
        logProbs_CV.exp_().mul_(factors).scatter_add_(1, targets_C.unsqueeze(1), byLogProb_C.unsqueeze(1));
    }
}
