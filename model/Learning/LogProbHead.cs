using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// Log-probs of target tokens, entropies of their distributions, and the gradients of both, without autograd and in chunks
/// of rows, so that large logits are never whole: with z = h W^T / temperature and p = softmax(z),
/// d logp(target) / dz = onehot(target) - p and dH / dz = -p (ln p + H).
/// </summary>
internal sealed class LogProbHead(Tensor head_VxD, double temperature)
{
    /// <summary>Logits that exist at once: 16 MB.</summary>
    private const long ChunkLogits = 1 << 22;

    private readonly long _chunkRows = Math.Max(1, ChunkLogits / head_VxD.shape[0]);
    /// <summary>Log-probs of the whole vocabulary when one chunk holds all rows: they need not be made twice.</summary>
    private Tensor? _whole_MV;

    /// <summary>Log-probs [M] of the targets, and the entropies [M] of the distributions in nats. Call before <see cref="Backward"/>, with the same rows.</summary>
    public (Tensor LogProbs_M, Tensor Entropies_M) Forward(Tensor hidden_MD, Tensor targets_M)
    {
        var (logProbs, entropies) = (new List<Tensor>(), new List<Tensor>());
        foreach (var (start, count) in Chunks(hidden_MD))
        {
            using var scope = NewDisposeScope();
            var logProbs_CV = LogProbs(hidden_MD.narrow(0, start, count));
            logProbs.Add(logProbs_CV.gather(1, targets_M.narrow(0, start, count).unsqueeze(1)).squeeze(1).MoveToOuterDisposeScope());
            entropies.Add((-(logProbs_CV.exp() * logProbs_CV).sum(-1)).MoveToOuterDisposeScope());
            if (count == hidden_MD.shape[0]) _whole_MV = logProbs_CV.MoveToOuterDisposeScope();
        }

        return (cat(logProbs, 0), cat(entropies, 0));
    }

    /// <summary>Adds to the head's gradient and returns that of the hidden states, [M, D].</summary>
    /// <param name="gradient_M">Derivative of the loss by each log-prob.</param>
    /// <param name="entropies">What <see cref="Forward"/> returned and the derivative of the loss by each; null when it has none.</param>
    public Tensor Backward(Tensor hidden_MD, Tensor targets_M, Tensor gradient_M, Tensor headGradient_VxD, (Tensor Values_M, Tensor Gradient_M)? entropies = null)
    {
        var chunks = new List<Tensor>();
        foreach (var (start, count) in Chunks(hidden_MD))
        {
            using var scope = NewDisposeScope();
            var hidden_CD = hidden_MD.narrow(0, start, count);
            var gradient_C1 = Column(gradient_M.Times(1 / temperature));
            var logProbs_CV = _whole_MV ?? LogProbs(hidden_CD);
            var probs_CV = logProbs_CV.exp();
            var logits_CV = probs_CV * -gradient_C1;
            logits_CV.scatter_add_(1, targets_M.narrow(0, start, count).unsqueeze(1), gradient_C1);
            if (entropies is { } given) logits_CV = logits_CV - (probs_CV * logProbs_CV.Plus(Column(given.Values_M)) * Column(given.Gradient_M.Times(1 / temperature)));
            headGradient_VxD.addmm_(logits_CV.t(), hidden_CD);
            chunks.Add(logits_CV.mm(head_VxD).MoveToOuterDisposeScope());

            Tensor Column(Tensor values_M) => values_M.narrow(0, start, count).unsqueeze(1);
        }

        return cat(chunks, 0);
    }

    private Tensor LogProbs(Tensor hidden_CD) => nn.functional.linear(hidden_CD, head_VxD).Times(1 / temperature).log_softmax(-1);

    private IEnumerable<(long Start, long Count)> Chunks(Tensor hidden_MD)
    {
        var rows = hidden_MD.shape[0];
        for (long start = 0; start < rows; start += _chunkRows) yield return (start, Math.Min(_chunkRows, rows - start));
    }
}
