using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Transformer;
using TorchSharp;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation;

/// <summary>
/// What <see cref="Sampler"/> does, with tensor operations for all rows at once: on a GPU logits stay where they are, and only a token and
/// two log-probs a row come back. A draw is by inverse cumulative distribution in the order of ids, in float64, so that a row's token
/// does not depend on the rows beside it.
/// </summary>
internal static class DeviceSampler
{
    /// <summary>Numbers of one intermediate result: 256 MB in float64.</summary>
    private const long ChunkNumbers = 1L << 25;

    /// <param name="logits_RV">Of any floating-point type.</param>
    /// <param name="uniforms">In [0, 1), one a row.</param>
    /// <param name="forbidden">Tokens that some rows may not draw.</param>
    /// <param name="mayNot">Which rows those are, one a row.</param>
    /// <exception cref="InvalidOperationException">A logit is not a number or plus infinity, or all of a row are minus infinity: the model is broken.</exception>
    public static SampledToken[] Sample(Tensor logits_RV, SamplingSpec sampling, double[] uniforms, int[] forbidden, bool[] mayNot)
    {
        var tokens = new List<SampledToken>(uniforms.Length);
        var rows = (int)Math.Max(1, ChunkNumbers / logits_RV.shape[1]);
        for (var first = 0; first < uniforms.Length; first += rows)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(rows, uniforms.Length - first);
            var logits_CV = logits_RV.narrow(0, first, count).to(ScalarType.Float32);
            var allowed_CV = mayNot.AsSpan(first, count).Contains(true) ? Allowed(logits_CV, forbidden, mayNot[first..(first + count)]) : logits_CV;
            tokens.AddRange(SampleChunk(logits_CV, allowed_CV, sampling, uniforms[first..(first + count)]));
        }

        return [.. tokens];
    }

    private static Tensor Allowed(Tensor logits_CV, int[] forbidden, bool[] mayNot)
    {
        var ends_V = zeros(logits_CV.shape[1], ScalarType.Bool);
        ends_V.index_fill_(0, tensor(Array.ConvertAll(forbidden, id => (long)id)), True);
        return logits_CV.masked_fill(ends_V.unsqueeze(0).logical_and(tensor(mayNot).unsqueeze(1)), MinusInfinity);
    }

    /// <param name="allowed_CV">The same logits, minus infinity for what may not be drawn.</param>
    private static IEnumerable<SampledToken> SampleChunk(Tensor logits_CV, Tensor allowed_CV, SamplingSpec sampling, double[] uniforms)
    {
        var model_CV = logits_CV.log_softmax(-1);
        var sampled_CV = sampling.Temperature == 0 ? model_CV : Distribution(allowed_CV, ReferenceEquals(allowed_CV, logits_CV) ? model_CV : allowed_CV.log_softmax(-1), sampling);
        var ids_C1 = sampling.Temperature == 0 ? FirstLargest(allowed_CV) : Draw(sampled_CV, uniforms);
        var picked_2C = stack([sampled_CV.gather(1, ids_C1).squeeze(1), model_CV.gather(1, ids_C1).squeeze(1)]).cpu();
        var (ids, logProbs) = (ids_C1.cpu().data<long>().ToArray(), picked_2C.data<float>().ToArray());
        if (!logProbs.All(float.IsFinite)) throw new InvalidOperationException("the model's logits are not finite: its weights are damaged, or training has diverged");
        return ids.Select((id, row) => new SampledToken((int)id, logProbs[row], logProbs[row + ids.Length]));
    }

    /// <summary>Of equal ones the smallest id; which one a GPU's own argmax takes is open.</summary>
    private static Tensor FirstLargest(Tensor logits_CV) =>
        logits_CV.eq(logits_CV.amax([-1], keepdim: true)).to(ScalarType.Float32).cumsum(-1).le(HalfOfOne).sum(-1, keepdim: true);

    /// <summary>Log-probs of what is sampled from; minus infinity for what is cut off.</summary>
    private static Tensor Distribution(Tensor logits_CV, Tensor model_CV, SamplingSpec sampling)
    {
        var logProbs_CV = sampling.Temperature == 1 ? model_CV : logits_CV.Times(1 / sampling.Temperature).log_softmax(-1);
        var vocabulary = logits_CV.shape[1];
        var topK = sampling.TopK > 0 ? Math.Min(sampling.TopK, vocabulary) : vocabulary;
        if (topK == vocabulary && sampling.TopP == 1) return logProbs_CV;
        // Stable: of equal ones the smaller id goes first.
        var (sorted_CV, order_CV) = sort(logProbs_CV, -1, descending: true, stable: true);
        var kept_CK = sorted_CV.narrow(1, 0, topK).softmax(-1).to(ScalarType.Float64);
        // A token is in the nucleus when those before it do not reach the mass.
        var before_CK = kept_CK.cumsum(-1) - kept_CK;
        using var mass = sampling.TopP.ToScalar();
        var cut_CV = ones_like(logProbs_CV, dtype: ScalarType.Bool);
        cut_CV.scatter_(1, order_CV.narrow(1, 0, topK), before_CK.ge(mass));
        return logProbs_CV.masked_fill(cut_CV, MinusInfinity).log_softmax(-1);
    }

    private static Tensor Draw(Tensor logProbs_CV, double[] uniforms)
    {
        var cumulative_CV = logProbs_CV.to(ScalarType.Float64).exp().cumsum(-1);
        var targets_C1 = tensor(uniforms).unsqueeze(1) * cumulative_CV.narrow(1, cumulative_CV.shape[1] - 1, 1);
        return cumulative_CV.le(targets_C1).sum(-1, keepdim: true).minimum(LastPossible(logProbs_CV));
    }

    /// <summary>Rounding may leave a crumb beyond the last token that has a chance.</summary>
    private static Tensor LastPossible(Tensor logProbs_CV)
    {
        var ids_V = HeldNumbers.Range(logProbs_CV.shape[1]);
        return (logProbs_CV.gt(MinusInfinity).to(ScalarType.Int64) * ids_V).amax([-1], keepdim: true);
    }

    private static readonly Scalar MinusInfinity = float.NegativeInfinity.ToScalar();
    private static readonly Scalar True = 1L.ToScalar();
    private static readonly Scalar HalfOfOne = 0.5f.ToScalar();
}
