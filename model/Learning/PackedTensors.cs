using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>The arrays of a layout as tensors (suffixes as there). Owned by the dispose scope they were made in.</summary>
public sealed class PackedTensors
{
    public PackedTensors(PackedLayout layout, Rotary rotary, ScalarType type = ScalarType.Float32)
    {
        Layout = layout;
        TokenIds_N = tensor(layout.TokenIds_N);
        Angles = rotary.At(tensor(layout.Positions_N).unsqueeze(0));
        AttendedIndex_N = tensor(layout.AttendedIndex_N);
        PromptIndex_GP = layout.PromptsAligned ? null : tensor(layout.PromptIndex_GP);
        PromptMask_PP = Forbid(tensor(Causal(layout.PromptLength), layout.PromptLength, layout.PromptLength), type);
        QueryIndex_RA = tensor(layout.QueryIndex_RA);
        KeyIndex_RS = tensor(layout.KeyIndex_RS);
        CompletionMask_R1AS = layout.Rows == 0 ? PromptMask_PP : Forbid(CompletionMask(layout), type);
        SourceIndex_M = tensor(layout.SourceIndex_M);
        Targets_M = tensor(layout.Targets_M);
        BehaviourLogProbs_M = tensor(layout.LogProbs_M).to(type);
        Advantages_M = tensor(layout.Advantages_M).to(type);
        Weights_M = tensor(layout.Weights_M).to(type);
    }

    public PackedLayout Layout { get; }
    public Tensor TokenIds_N { get; }
    /// <summary>[1, N, 1, D].</summary>
    public RotaryAngles Angles { get; }
    public Tensor AttendedIndex_N { get; }
    /// <summary>Null when the prompts are a rectangle as they lie.</summary>
    public Tensor? PromptIndex_GP { get; }
    /// <summary>0 where a prompt token may look, minus infinity elsewhere.</summary>
    public Tensor PromptMask_PP { get; }
    public Tensor QueryIndex_RA { get; }
    public Tensor KeyIndex_RS { get; }
    /// <summary>0 where a completion token may look, minus infinity elsewhere; one for all rows when the prompts are aligned.</summary>
    public Tensor CompletionMask_R1AS { get; }
    public Tensor SourceIndex_M { get; }
    public Tensor Targets_M { get; }
    public Tensor BehaviourLogProbs_M { get; }
    public Tensor Advantages_M { get; }
    public Tensor Weights_M { get; }

    private static Tensor Forbid(Tensor allowed, ScalarType type) =>
        zeros(allowed.shape, dtype: type).masked_fill_(allowed.logical_not(), float.NegativeInfinity);

    private static bool[] Causal(int length)
    {
        var allowed = new bool[length * length];
        for (var query = 0; query < length; query++) allowed.AsSpan(query * length, query + 1).Fill(true);
        return allowed;
    }

    private static Tensor CompletionMask(PackedLayout layout)
    {
        long rows = layout.PromptsAligned ? 1 : layout.Rows, p = layout.PromptLength, a = layout.CompletionLength;
        var prompt_RAP = tensor(layout.PromptKeys_RP, layout.Rows, p).narrow(0, 0, rows).unsqueeze(1).expand(rows, a, p);
        var own_RAA = tensor(Causal((int)a), a, a).unsqueeze(0).expand(rows, a, a);
        return cat([prompt_RAP, own_RAA], 2).unsqueeze(1);
    }
}
