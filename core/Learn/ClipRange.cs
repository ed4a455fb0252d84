namespace KnapsackCloud.Core.Learn;

/// <summary>The ratio counts between 1 - Low and 1 + High; a higher High (DAPO, arXiv 2503.14476, "clip-higher") leaves rare tokens room to grow.</summary>
public readonly record struct ClipRange(double Low, double High)
{
    public double Bound(double ratio) => Math.Clamp(ratio, 1 - Low, 1 + High);
}
