using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>Of rows of logits z: log-probs and entropies of p = softmax(z), and the derivatives of both by z.</summary>
internal interface ILogitRows
{
    LogitSums Sums(Tensor logits_CV, Tensor targets_C);

    /// <summary>
    /// Replaces z by the derivative of the loss: byLogProb (onehot(target) - p) - byEntropy p (ln p + H), for a loss with these derivatives
    /// by each row's log-prob and entropy H.
    /// </summary>
    /// <param name="entropies">Values and derivatives; null when the loss has none.</param>
    void ToGradient(Tensor logits_CV, Tensor logSums_C, Tensor targets_C, Tensor byLogProb_C, (Tensor Values_C, Tensor ByEntropy_C)? entropies);
}

/// <summary>One number a row, owned by the scope of who asked.</summary>
/// <param name="LogProbs_C">Of the targets.</param>
/// <param name="Entropies_C">In nats.</param>
/// <param name="LogSums_C">ln sum exp(z - largest), with the largest of the row apart: in one number both would round with a whole row alike.</param>
internal readonly record struct LogitSums(Tensor LogProbs_C, Tensor Entropies_C, Tensor LogSums_C);
