using KnapsackCloud.Model.Learning.Cpu;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>Passes that nothing is learnt from.</summary>
internal static class ForwardOnly
{
    /// <summary>Log-probs [M] of a layout's targets, without a graph.</summary>
    /// <param name="kernels">Of the replica's model; null where the tensor library computes.</param>
    /// <param name="lean">Rows are so long that what all layers make of them would not fit in memory, which the kernels keep.</param>
    public static Tensor LogProbs(LearningReplica replica, CpuPass? kernels, PackedLayout layout, double temperature, bool lean)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var head = new LogProbHead(replica.Model.Head_VxD, temperature, keptValues: 0);
        return head.Forward(States(replica, lean ? null : kernels, layout), tensor(layout.Targets_M)).LogProbs_M.MoveToOuterDisposeScope();
    }

    private static Tensor States(LearningReplica replica, CpuPass? kernels, PackedLayout layout)
    {
        if (kernels is null) return PackedDecoder.PredictingStates(replica, new PackedTensors(layout, replica.Model.Rotary, replica.Precision));
        kernels.Forward(layout);
        return kernels.States_MD;
    }
}
