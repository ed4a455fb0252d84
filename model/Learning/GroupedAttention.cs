using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// Softmax attention with grouped queries. The query heads that share a key head are stacked as more queries of it, so no
/// key is copied. For short keys two batched products beat the fused kernel, which in turn never holds the scores of long ones.
/// </summary>
internal static class GroupedAttention
{
    private const long LongestPlain = 64;

    /// <summary>Above so many keys the fused kernel is faster and smaller.</summary>
    public static bool MakesScores(long keys) => keys <= LongestPlain;

    /// <summary>Attended values [B*T, H*D], ready for the output projection.</summary>
    /// <param name="q_BTHD">Queries.</param>
    /// <param name="k_BSKD">Keys; K divides H.</param>
    /// <param name="mask_B1TS">Added to the scores of every head; the first dimension may be 1 for all rows.</param>
    public static Tensor Attend(Tensor q_BTHD, Tensor k_BSKD, Tensor v_BSKD, Tensor mask_B1TS)
    {
        using var scope = NewDisposeScope();
        long b = q_BTHD.shape[0], t = q_BTHD.shape[1], h = q_BTHD.shape[2], d = q_BTHD.shape[3], s = k_BSKD.shape[1], k = k_BSKD.shape[2];
        var (k_BKSD, v_BKSD) = (k_BSKD.transpose(1, 2), v_BSKD.transpose(1, 2));
        var attended_BHTD = (MakesScores(s) ? Plain() : Fused()).view(b, h, t, d);
        return attended_BHTD.transpose(1, 2).reshape(b * t, h * d).MoveToOuterDisposeScope();

        Tensor Plain()
        {
            var scores_BHTS = Stacked(q_BTHD.Times(1 / Math.Sqrt(d))).matmul(k_BKSD.transpose(2, 3)).view(b, h, t, s).Plus(mask_B1TS);
            return scores_BHTS.softmax(-1).view(b, k, h / k * t, s).matmul(v_BKSD);
        }

        Tensor Fused()
        {
            var rows = mask_B1TS.shape[0];
            var mask_B1QS = mask_B1TS.expand(rows, h / k, t, s).reshape(rows, 1, h / k * t, s);
            return nn.functional.scaled_dot_product_attention(Stacked(q_BTHD), k_BKSD, v_BKSD, attn_mask: mask_B1QS.expand(b, k, h / k * t, s));
        }

        Tensor Stacked(Tensor queries_BTHD) => queries_BTHD.transpose(1, 2).reshape(b, k, h / k * t, d);
    }
}
