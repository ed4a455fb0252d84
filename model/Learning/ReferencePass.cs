using KnapsackCloud.Model.Learning.Cpu;
using KnapsackCloud.Model.Transformer;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Learning;

/// <summary>
/// The policy that a KL penalty refers to, as a shard computes it: forward, by the means of the shard's own passes. One thread at a
/// time, and no longer than the scope that it is made in, which has the weights in another precision.
/// </summary>
internal sealed class ReferencePass : IDisposable
{
    private readonly LearningReplica _replica;
    private readonly LearningReplica _forPasses;
    private readonly CpuPass? _kernels;

    /// <param name="reference">Stays the caller's, and as it is.</param>
    /// <param name="precision">That passes compute in.</param>
    /// <param name="arena">Of the kernels for CPUs; null where the shard has none.</param>
    public ReferencePass(DecoderModel reference, ScalarType precision, FloatArena? arena)
    {
        _replica = LearningReplica.Frozen(reference, precision);
        _forPasses = _replica.ForPasses();
        if (arena is null || !CpuPass.Supports(reference)) return;
        _kernels = new CpuPass(_replica, null, arena);
        _kernels.Refresh();
    }

    /// <summary>As <see cref="ForwardOnly.LogProbs"/>.</summary>
    public Tensor LogProbs(PackedLayout layout, double temperature, bool lean)
    {
        using var scope = NewDisposeScope();
        return ForwardOnly.LogProbs(_forPasses, _kernels, layout, temperature, lean).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _kernels?.Dispose();
        _replica.Dispose();
    }
}
