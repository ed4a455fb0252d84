using KnapsackCloud.Model.Transformer;
using TorchSharp;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Generation;

/// <summary>
/// One token further for every row, as one TorchScript function: a call per step instead of some forty per layer.
/// Attention is two batched products: for a single query they beat the general kernel, and query heads that share
/// a key-value head are rows of one product, so that keys and values are never repeated.
/// </summary>
/// <param name="weights">The model's parameters in their order.</param>
/// <param name="prefillTokens">Tokens of prompts in one forward pass, padding included; at least one prompt goes in.</param>
internal sealed class TorchDecoder(DecoderModel model, Tensor[] weights, KeyValueCache cache, int prefillTokens) : IDecoder
{
    private const string Source = """
        def keep(cache_RKSD: Tensor, new_RKD: Tensor, slot: int, places: Optional[Tensor]) -> Tensor:
            rows = new_RKD.size(0)
            if places is None:
                cache_RKSD.narrow(0, 0, rows).select(2, slot).copy_(new_RKD)
            else:
                cache_RKSD.view(-1, new_RKD.size(2)).index_copy_(0, places, new_RKD.reshape(-1, new_RKD.size(2)))
            return cache_RKSD.narrow(0, 0, rows).narrow(2, 0, slot + 1).flatten(0, 1)

        def attend(q_NGD: Tensor, k_NSD: Tensor, v_NSD: Tensor, bias_N1S: Optional[Tensor]) -> Tensor:
            scale = float(q_NGD.size(2)) ** -0.5
            if bias_N1S is None:
                scores_NGS = torch.baddbmm(q_NGD.new_empty([1]), q_NGD, k_NSD.transpose(1, 2), beta=0.0, alpha=scale)
            else:
                scores_NGS = torch.baddbmm(bias_N1S, q_NGD, k_NSD.transpose(1, 2), beta=1.0, alpha=scale)
            return torch.bmm(torch.softmax(scores_NGS, -1), v_NSD)

        def project(x_RD: Tensor, weights: List[Tensor], at: int, bias: int) -> Tensor:
            if bias == 0:
                return torch.mm(x_RD, weights[at + 1].t())
            return torch.addmm(weights[at + bias], x_RD, weights[at + 1].t())

        def norm_heads(plain_RHD: Tensor, heads: int, weight_2D: Tensor, eps: float) -> Tensor:
            size = plain_RHD.size(2)
            q_RHD = torch.rms_norm(plain_RHD.narrow(1, 0, heads), [size], weight_2D.narrow(0, 0, size), eps)
            k_RKD = torch.rms_norm(plain_RHD.narrow(1, heads, plain_RHD.size(1) - heads), [size], weight_2D.narrow(0, size, size), eps)
            return torch.cat([q_RHD, k_RKD], 1)

        def decode(tokens_R: Tensor, weights: List[Tensor], per_layer: int, bias: int, norm: int, head: int, keys_LRKSD: Tensor, values_LRKSD: Tensor, cos: Tensor, sin: Tensor,
                   slot: int, places: Optional[Tensor], bias_N1S: Optional[Tensor], heads: int, kv_heads: int, eps: float) -> Tensor:
            rows = tokens_R.size(0)
            size = keys_LRKSD.size(4)
            x_RD = torch.index_select(weights[0], 0, tokens_R)
            width = [x_RD.size(1)]
            for layer in range(keys_LRKSD.size(0)):
                at = 1 + per_layer * layer
                qkv_RHD = project(torch.rms_norm(x_RD, width, weights[at], eps), weights, at, bias).view(rows, heads + 2 * kv_heads, size)
                plain_RHD = qkv_RHD.narrow(1, 0, heads + kv_heads)
                if norm > 0:
                    plain_RHD = norm_heads(plain_RHD, heads, weights[at + norm], eps)
                turned_RHD = torch.addcmul(plain_RHD * cos, torch.roll(plain_RHD, [size // 2], [2]), sin)
                k_NSD = keep(keys_LRKSD.select(0, layer), turned_RHD.narrow(1, heads, kv_heads), slot, places)
                v_NSD = keep(values_LRKSD.select(0, layer), qkv_RHD.narrow(1, heads + kv_heads, kv_heads), slot, places)
                q_NGD = turned_RHD.narrow(1, 0, heads).reshape(rows * kv_heads, heads // kv_heads, size)
                x_RD.addmm_(attend(q_NGD, k_NSD, v_NSD, bias_N1S).view(rows, heads * size), weights[at + 2].t())
                gate_up_R2F = torch.mm(torch.rms_norm(x_RD, width, weights[at + 3], eps), weights[at + 4].t())
                half = gate_up_R2F.size(1) // 2
                x_RD.addmm_(torch.silu(gate_up_R2F.narrow(1, 0, half)).mul_(gate_up_R2F.narrow(1, half, half)), weights[at + 5].t())
            return torch.mm(torch.rms_norm(x_RD, width, weights[per_layer * keys_LRKSD.size(0) + 1], eps), weights[head].t())

        """;

    private static readonly Lazy<jit.CompilationUnit> Unit = new(() => jit.compile(Source));

    /// <inheritdoc/>
    public Tensor Decode(DecodeRow[] rows)
    {
        using var scope = NewDisposeScope();
        var config = model.Config;
        int[] lengths = [.. rows.Select(row => row.Length)];
        var slot = lengths.Max();
        var (rotary, places, bias_N1S) = Uniform(lengths) ? (model.Rotary.Range(slot, 1), null, null) : Ragged(lengths, slot);
        var head = config.TieWordEmbeddings ? 0 : weights.Length - 1;
        // A plain double would become a number that nothing holds: its finaliser may free it while the call still reads it.
        using var eps = config.RmsNormEps.ToScalar();
        var logits_RV = (Tensor)Unit.Value.invoke(
            "decode", tensor(rows.Select(row => (long)row.Token).ToArray()), weights, ParameterLayout.PerLayer(config), ParameterLayout.BiasOffset(config) ?? 0, ParameterLayout.NormOffset(config) ?? 0,
            head, cache.Keys_LRKSD, cache.Values_LRKSD, rotary.Cos.squeeze(1), rotary.Sin.squeeze(1),
            slot, places!, bias_N1S!, config.NumAttentionHeads, config.NumKeyValueHeads, eps)!;
        return logits_RV.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Prefill(IReadOnlyList<PlacedPrompt> prompts, CancellationToken cancellation) => TorchPrefill.Run(model, prompts, cache, prefillTokens, cancellation);

    /// <inheritdoc/>
    public void Divide(int count, Action<int> work) => Members.Run(count, work);

    public void Dispose()
    {
        // Weights and cache are others'.
    }

    /// <summary>Rows of different lengths: each writes at its own slot, looks at its own slots only, and has its own angles.</summary>
    private (RotaryAngles Rotary, Tensor? Places, Tensor? Bias) Ragged(int[] lengths, int slot)
    {
        var weightType = model.Embedding_VxD.dtype;
        int heads = model.Config.NumKeyValueHeads, slots = (int)cache.Keys_LRKSD.shape[3];
        var places = new long[lengths.Length * heads];
        var positions = new long[lengths.Length];
        for (var row = 0; row < lengths.Length; row++)
        {
            positions[row] = lengths[row];
            for (var head = 0; head < heads; head++) places[row * heads + head] = (row * (long)heads + head) * slots + lengths[row];
        }

        var positions_R1 = tensor(positions, lengths.Length, 1);
        var beyond_RS = tensor(Enumerable.Range(0, slot + 1).Select(i => (long)i).ToArray()).unsqueeze(0) > positions_R1;
        var bias_RS = beyond_RS.Forbidding(weightType);
        var bias_N1S = bias_RS.unsqueeze(1).expand(lengths.Length, heads, slot + 1).reshape(lengths.Length * heads, 1, slot + 1);
        return (model.Rotary.At(positions_R1, slot + 1), tensor(places), bias_N1S);
    }

    private static bool Uniform(int[] lengths) => !lengths.AsSpan().ContainsAnyExcept(lengths[0]);
}
