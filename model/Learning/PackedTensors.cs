using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>Where a layout's tokens lie and what they look at, as tensors (suffixes as there). Owned by the dispose scope they were made in.</summary>
public sealed class PackedTensors
{
    /// <param name="type">That the pass computes in.</param>
    public PackedTensors(PackedLayout layout, Rotary rotary, ScalarType type = ScalarType.Float32)
    {
        Layout = layout;
        TokenIds_N = tensor(layout.TokenIds_N);
        Angles = rotary.At(tensor(layout.Positions_N).unsqueeze(0), layout.Positions_N.Max() + 1);
        PromptIndex_GP = layout.PromptsAligned ? null : tensor(layout.PromptIndex_GP);
        Bundles = [.. layout.Bundles.Select(bundle => new BundleTensors(tensor(bundle.KeyIndex_RS), Forbid(CompletionMask(bundle), type)))];
        var promptMask_PP = Forbid(tensor(Causal(layout.PromptLength), layout.PromptLength, layout.PromptLength), type);
        var lastMask_G11P = promptMask_PP.index_select(0, tensor(layout.LastPositions_G)).unsqueeze(1).unsqueeze(1);
        AllTokens = new QueryTokens(
            null, layout.PromptLength, PromptIndex_GP, promptMask_PP.unsqueeze(0).unsqueeze(0),
            [.. layout.Bundles.Select(bundle => tensor(bundle.QueryIndex_RA))], tensor(layout.AttendedIndex_N));
        Sources = new QueryTokens(
            tensor(layout.Sources_U), 1, null, lastMask_G11P,
            [.. layout.Bundles.Select(bundle => tensor(bundle.SourceQueryIndex_RA))], tensor(layout.SourceAttendedIndex_U));
        SourceIndex_M = tensor(layout.SourceIndex_M);
    }

    public PackedLayout Layout { get; }
    public Tensor TokenIds_N { get; }
    /// <summary>[1, N, 1, D].</summary>
    public RotaryAngles Angles { get; }
    /// <summary>What looks in every layer but the last.</summary>
    public QueryTokens AllTokens { get; }
    /// <summary>What looks in the last layer: the tokens that predict.</summary>
    public QueryTokens Sources { get; }
    /// <summary>Null when the prompts are a rectangle as they lie.</summary>
    public Tensor? PromptIndex_GP { get; }
    public IReadOnlyList<BundleTensors> Bundles { get; }
    public Tensor SourceIndex_M { get; }

    private static Tensor Forbid(Tensor allowed, ScalarType type) =>
        allowed.logical_not().Forbidding(type);

    private static bool[] Causal(int length)
    {
        var allowed = new bool[length * length];
        for (var query = 0; query < length; query++) allowed.AsSpan(query * length, query + 1).Fill(true);
        return allowed;
    }

    private static Tensor CompletionMask(CompletionBundle bundle)
    {
        long rows = bundle.PromptsAligned ? 1 : bundle.Rows, p = bundle.PromptLength, a = bundle.CompletionLength;
        var prompt_RAP = tensor(bundle.PromptKeys_RP, bundle.Rows, p).narrow(0, 0, rows).unsqueeze(1).expand(rows, a, p);
        var own_RAA = tensor(Causal((int)a), a, a).unsqueeze(0).expand(rows, a, a);
        return cat([prompt_RAP, own_RAA], 2).unsqueeze(1);
    }
}

/// <param name="Mask_R1AS">0 where a completion token may look, minus infinity elsewhere; one for all rows when the prompts are aligned.</param>
public sealed record BundleTensors(Tensor KeyIndex_RS, Tensor Mask_R1AS);
