using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// Softmax attention with grouped queries. The query heads that share a key head are stacked as more queries of it, so no
/// key is copied. For short keys two batched products beat the fused kernel, which in turn never holds the scores of long ones.
/// </summary>
internal static class GroupedAttention
{
    /// <summary>Longest keys for which the scores are made; above, the fused kernel is faster and smaller.</summary>
    private const long LongestPlain = 64;

    /// <summary>Attended values [B*T, H*D], ready for the output projection.</summary>
    /// <param name="q_BTHD">Queries.</param>
    /// <param name="k_BSKD">Keys; K divides H.</param>
    /// <param name="mask">Added to the scores, broadcastable to [B, H, T, S].</param>
    public static Tensor Attend(Tensor q_BTHD, Tensor k_BSKD, Tensor v_BSKD, Tensor mask)
    {
        long b = q_BTHD.shape[0], t = q_BTHD.shape[1], h = q_BTHD.shape[2], d = q_BTHD.shape[3], s = k_BSKD.shape[1], k = k_BSKD.shape[2];
        var (q_BHTD, k_BKSD, v_BKSD) = (q_BTHD.transpose(1, 2), k_BSKD.transpose(1, 2), v_BSKD.transpose(1, 2));
        var attended_BHTD = s <= LongestPlain ? Plain() : Fused();
        return attended_BHTD.transpose(1, 2).reshape(b * t, h * d);

        Tensor Plain()
        {
            var stacked = (q_BHTD * (1 / Math.Sqrt(d))).reshape(b, k, h / k * t, d);
            var scores_BHTS = stacked.matmul(k_BKSD.transpose(2, 3)).view(b, h, t, s) + mask;
            return scores_BHTS.softmax(-1).view(b, k, h / k * t, s).matmul(v_BKSD).view(b, h, t, d);
        }

        Tensor Fused() => nn.functional.scaled_dot_product_attention(q_BHTD, ForEveryQuery(k_BKSD), ForEveryQuery(v_BKSD), attn_mask: mask.expand(b, h, t, s));

        Tensor ForEveryQuery(Tensor heads_BKSD) =>
            h == k ? heads_BKSD : heads_BKSD.unsqueeze(2).expand(b, k, h / k, s, d).reshape(b, h, s, d);
    }
}
