using static TorchSharp.torch;

namespace KnapsackCloud.Model.Transformer;

/// <summary>
/// Rotary position embedding (RoFormer, arXiv 2104.09864) in the half-split layout of Hugging Face: the sign of
/// rotate_half is folded into the sine, so that rotating is x * cos + roll(x, D/2) * sin.
/// </summary>
public sealed class Rotary : IDisposable
{
    private readonly Tensor _cos_TD;
    private readonly Tensor _sin_TD;

    public Rotary(ModelConfig config)
    {
        using var scope = NewDisposeScope();
        var half = config.HeadDim / 2;
        var frequencies_H = exp(arange(0, config.HeadDim, 2, dtype: ScalarType.Float32) * (-Math.Log(config.RopeTheta) / config.HeadDim));
        var angles_TH = outer(arange(config.MaxPositionEmbeddings, dtype: ScalarType.Float32), frequencies_H);
        var angles_TD = cat([angles_TH, angles_TH], 1);
        _cos_TD = angles_TD.cos().DetachFromDisposeScope();
        _sin_TD = (angles_TD.sin() * cat([-ones(half), ones(half)])).DetachFromDisposeScope();
    }

    /// <summary>Angles of positions [start, start + length), shaped [1, length, 1, D] to broadcast over batch and heads. Views: owned by the current scope.</summary>
    public RotaryAngles Range(long start, long length) =>
        new(_cos_TD.narrow(0, start, length).unsqueeze(1).unsqueeze(0), _sin_TD.narrow(0, start, length).unsqueeze(1).unsqueeze(0));

    /// <summary>Angles of any positions: positions_BT (int64) gives [B, T, 1, D].</summary>
    public RotaryAngles At(Tensor positions_BT)
    {
        var flat = positions_BT.reshape(-1);
        long[] shape = [positions_BT.shape[0], positions_BT.shape[1], 1, _cos_TD.shape[1]];
        return new(_cos_TD.index_select(0, flat).view(shape), _sin_TD.index_select(0, flat).view(shape));
    }

    public void Dispose()
    {
        _cos_TD.Dispose();
        _sin_TD.Dispose();
    }
}

/// <summary>Cosines and signed sines, broadcastable to [B, T, heads, D].</summary>
public readonly record struct RotaryAngles(Tensor Cos, Tensor Sin)
{
    /// <summary>heads_BTHD rotated; same shape.</summary>
    public Tensor Apply(Tensor heads_BTHD) =>
        (heads_BTHD * Cos).Plus(heads_BTHD.roll(heads_BTHD.shape[^1] / 2, -1) * Sin);
}
