using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// Log-probs of target tokens, entropies of their distributions, and the gradients of both, without autograd and in chunks
/// of rows, so that large logits are never whole: with z = h W^T / temperature and p = softmax(z),
/// d logp(target) / dz = onehot(target) - p and dH / dz = -p (ln p + H).
/// </summary>
/// <param name="keptValues">Logits that may wait for <see cref="Backward"/>; those of further rows are made again.</param>
internal sealed class LogProbHead(Tensor head_VxD, double temperature, long keptValues = LogProbHead.KeptForBackward)
{
    /// <summary>128 MB: all rows of a microbatch for vocabularies up to some 16 thousand tokens.</summary>
    public const long KeptForBackward = 1 << 25;

    /// <summary>Logits that exist at once: 16 MB.</summary>
    private const long ChunkLogits = 1 << 22;

    private readonly long _chunkRows = Math.Max(1, ChunkLogits / head_VxD.shape[0]);
    private readonly ILogitRows _rows = head_VxD.dtype is ScalarType.Float32 or ScalarType.BFloat16 && head_VxD.device_type == TorchSharp.DeviceType.CPU ? new CpuLogitRows() : new TensorLogitRows();
    /// <summary>Of the first chunks.</summary>
    private readonly List<Tensor> _kept_CV = [];
    private readonly List<Tensor> _logSums_C = [];

    /// <summary>Log-probs [M] of the targets, and the entropies [M] of the distributions in nats. Call before <see cref="Backward"/>, with the same rows.</summary>
    public (Tensor LogProbs_M, Tensor Entropies_M) Forward(Tensor hidden_MD, Tensor targets_M)
    {
        var (logProbs, entropies) = (new List<Tensor>(), new List<Tensor>());
        foreach (var (start, count) in Chunks(hidden_MD))
        {
            using var scope = NewDisposeScope();
            var logits_CV = Logits(hidden_MD.narrow(0, start, count));
            var sums = _rows.Sums(logits_CV, targets_M.narrow(0, start, count));
            logProbs.Add(sums.LogProbs_C.MoveToOuterDisposeScope());
            entropies.Add(sums.Entropies_C.MoveToOuterDisposeScope());
            _logSums_C.Add(sums.LogSums_C.MoveToOuterDisposeScope());
            if ((start + count) * head_VxD.shape[0] <= keptValues) _kept_CV.Add(logits_CV.MoveToOuterDisposeScope());
        }

        return (cat(logProbs, 0), cat(entropies, 0));
    }

    /// <summary>Adds to the head's gradient and returns that of the hidden states, [M, D].</summary>
    /// <param name="gradient_M">Derivative of the loss by each log-prob.</param>
    /// <param name="headGradient_VxD">Null where the head does not learn.</param>
    /// <param name="entropies">What <see cref="Forward"/> returned and the derivative of the loss by each; null when it has none.</param>
    public Tensor Backward(Tensor hidden_MD, Tensor targets_M, Tensor gradient_M, Tensor? headGradient_VxD, (Tensor Values_M, Tensor Gradient_M)? entropies = null)
    {
        var chunks = new List<Tensor>();
        foreach (var (start, count) in Chunks(hidden_MD))
        {
            using var scope = NewDisposeScope();
            var hidden_CD = hidden_MD.narrow(0, start, count);
            var logits_CV = chunks.Count < _kept_CV.Count ? _kept_CV[chunks.Count] : Logits(hidden_CD);
            var ofEntropies = entropies is { } given ? (Part(given.Values_M), Part(given.Gradient_M.Times(1 / temperature))) : ((Tensor, Tensor)?)null;
            _rows.ToGradient(logits_CV, _logSums_C[chunks.Count], Part(targets_M), Part(gradient_M.Times(1 / temperature)), ofEntropies);
            var gradient_CV = logits_CV.to(head_VxD.dtype);
            if (gradient_CV.dtype == headGradient_VxD?.dtype) headGradient_VxD.addmm_(gradient_CV.t(), hidden_CD);
            else headGradient_VxD?.Increase(gradient_CV.t().mm(hidden_CD));
            chunks.Add(gradient_CV.mm(head_VxD).MoveToOuterDisposeScope());

            Tensor Part(Tensor values_M) => values_M.narrow(0, start, count);
        }

        return cat(chunks, 0);
    }

    /// <summary>Of a head in bfloat16 they are float32: sums of their exponentials need more than three digits.</summary>
    private Tensor Logits(Tensor hidden_CD)
    {
        var logits_CV = nn.functional.linear(temperature == 1 ? hidden_CD : hidden_CD.Times(1 / temperature), head_VxD);
        return head_VxD.dtype == ScalarType.BFloat16 ? logits_CV.to(ScalarType.Float32) : logits_CV;
    }

    private IEnumerable<(long Start, long Count)> Chunks(Tensor hidden_MD)
    {
        var rows = hidden_MD.shape[0];
        for (long start = 0; start < rows; start += _chunkRows) yield return (start, Math.Min(_chunkRows, rows - start));
    }
}
