using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>What a layout's predictions are measured by, as tensors (suffixes as there). Owned by the dispose scope they were made in.</summary>
public sealed class PackedTargets
{
    /// <param name="type">That the pass computes in; what is measured is single precision at least.</param>
    public PackedTargets(PackedLayout layout, ScalarType type = ScalarType.Float32)
    {
        if (type == ScalarType.BFloat16) type = ScalarType.Float32;
        Layout = layout;
        Targets_M = tensor(layout.Targets_M);
        RowIndex_M = tensor(layout.RowIndex_M);
        RowShares_M = tensor(layout.RowShares_M).to(type);
        OldLogProbs_M = tensor(layout.LogProbs_M).to(type);
        Advantages_M = tensor(layout.Advantages_M).to(type);
        Weights_M = tensor(layout.Weights_M).to(type);
    }

    public PackedLayout Layout { get; }
    public Tensor Targets_M { get; }
    public Tensor RowIndex_M { get; }
    public Tensor RowShares_M { get; }
    /// <summary>Log-probs of the policy that ratios compare with.</summary>
    public Tensor OldLogProbs_M { get; }
    public Tensor Advantages_M { get; }
    public Tensor Weights_M { get; }
}
