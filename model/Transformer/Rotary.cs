using static TorchSharp.torch;

namespace KnapsackCloud.Model.Transformer;

/// <summary>
/// Rotary position embedding (RoFormer, arXiv 2104.09864) in the half-split layout of Hugging Face: the sign of
/// rotate_half is folded into the sine, so that rotating is x * cos + roll(x, D/2) * sin. The tables grow with the longest
/// sequence asked for: models that allow a million positions seldom see them. Thread-safe.
/// </summary>
/// <param name="type">Of the tables, which are computed as float32 whatever it is.</param>
public sealed class Rotary(ModelConfig config, ScalarType type = ScalarType.Float32) : IDisposable
{
    /// <summary>Positions computed at once, always as many, so that an angle does not depend on how far the tables reach.</summary>
    private const int MostInBlock = 1024;

    private readonly Lock _growing = new();
    private readonly List<Tables> _all = [];
    private volatile Tables? _tables;

    /// <summary>Angles of positions [start, start + length), shaped [1, length, 1, D] to broadcast over batch and heads. Views: owned by the current scope.</summary>
    public RotaryAngles Range(long start, long length)
    {
        var tables = Reaching(start + length);
        return new(tables.Cos_TD.narrow(0, start, length).unsqueeze(1).unsqueeze(0), tables.Sin_TD.narrow(0, start, length).unsqueeze(1).unsqueeze(0));
    }

    /// <summary>Angles of any positions below <paramref name="end"/>: positions_BT (int64) gives [B, T, 1, D].</summary>
    public RotaryAngles At(Tensor positions_BT, long end)
    {
        var tables = Reaching(end);
        var flat = positions_BT.reshape(-1);
        long[] shape = [positions_BT.shape[0], positions_BT.shape[1], 1, config.HeadDim];
        return new(tables.Cos_TD.index_select(0, flat).view(shape), tables.Sin_TD.index_select(0, flat).view(shape));
    }

    public void Dispose()
    {
        foreach (var tables in _all) tables.Dispose();
    }

    private Tables Reaching(long end)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, config.MaxPositionEmbeddings);
        if (_tables is { } tables && tables.Cos_TD.shape[0] >= end) return tables;
        lock (_growing)
        {
            // Smaller tables stay: another thread may be reading them. By doubling they are no more than the last one again.
            var reached = _tables?.Cos_TD.shape[0] ?? 0;
            if (reached < end) _all.Add(_tables = Make(Math.Max(end, Math.Min(2 * reached, config.MaxPositionEmbeddings))));
            return _tables!;
        }
    }

    private Tables Make(long positions)
    {
        // Tables made during inference must serve training too.
        using var recorded = inference_mode(false);
        using var scope = NewDisposeScope();
        var block = Math.Min(MostInBlock, config.MaxPositionEmbeddings);
        var frequencies_H = Frequencies();
        var half = config.HeadDim / 2;
        var sign_D = cat([-ones(half), ones(half)]);
        var magnitude = config.RopeScaling?.Magnitude ?? 1;
        var (cos, sin) = (new List<Tensor>(), new List<Tensor>());
        for (long start = 0; start < positions; start += block)
        {
            var angles_TH = outer(tensor(Positions(start, block)), frequencies_H);
            var angles_TD = cat([angles_TH, angles_TH], 1);
            cos.Add(angles_TD.cos().Times(magnitude));
            sin.Add((angles_TD.sin() * sign_D).Times(magnitude));
        }

        return new Tables(cat(cos).to(type).DetachFromDisposeScope(), cat(sin).to(type).DetachFromDisposeScope());
    }

    private Tensor Frequencies()
    {
        var frequencies_H = exp(tensor(Positions(0, config.HeadDim / 2)).Times(2).Times(-Math.Log(config.RopeTheta) / config.HeadDim));
        return config.RopeScaling is { } scaling
            ? tensor(frequencies_H.cpu().data<float>().ToArray().Select((frequency, pair) => (float)scaling.Frequency(frequency, pair, config)).ToArray())
            : frequencies_H;
    }

    private static float[] Positions(long start, int count) => [.. Enumerable.Range((int)start, count).Select(position => (float)position)];

    private sealed record Tables(Tensor Cos_TD, Tensor Sin_TD) : IDisposable
    {
        public void Dispose()
        {
            Cos_TD.Dispose();
            Sin_TD.Dispose();
        }
    }
}

/// <summary>Cosines and signed sines, broadcastable to [B, T, heads, D].</summary>
public readonly record struct RotaryAngles(Tensor Cos, Tensor Sin)
{
    /// <summary>heads_BTHD rotated; same shape.</summary>
    public Tensor Apply(Tensor heads_BTHD) =>
        (heads_BTHD * Cos).Plus(heads_BTHD.roll(heads_BTHD.shape[^1] / 2, -1) * Sin);
}
