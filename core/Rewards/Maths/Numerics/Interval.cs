namespace KnapsackCloud.Core.Rewards.Maths.Numerics;

/// <summary>Two doubles that the true value lies between. Every operation rounds outwards.</summary>
internal readonly record struct Interval(double Low, double High)
{
    public double Middle => (Low + High) / 2;
    public double Width => High - Low;
    public bool IsFinite => double.IsFinite(Low) && double.IsFinite(High);
    public bool ContainsZero => Low <= 0 && High >= 0;

    public static Interval Around(double value) => new(Math.BitDecrement(value), Math.BitIncrement(value));

    public static Interval operator +(Interval a, Interval b) => Outward(a.Low + b.Low, a.High + b.High);

    public static Interval operator -(Interval a) => new(-a.High, -a.Low);

    public static Interval operator -(Interval a, Interval b) => a + -b;

    public static Interval operator *(Interval a, Interval b)
    {
        var (p, q, r, s) = (a.Low * b.Low, a.Low * b.High, a.High * b.Low, a.High * b.High);
        return Outward(Math.Min(Math.Min(p, q), Math.Min(r, s)), Math.Max(Math.Max(p, q), Math.Max(r, s)));
    }

    /// <summary>Null when it contains zero.</summary>
    public Interval? Reciprocal() => ContainsZero ? null : Outward(1 / High, 1 / Low);

    /// <summary>Of an increasing function, whose library value may be off by a few units in the last place.</summary>
    public Interval Increasing(Func<double, double> function) => Widened(function(Low), function(High));

    /// <summary>Of a function that changes by at most <paramref name="slope"/> times the change of its argument.</summary>
    public Interval Lipschitz(Func<double, double> function, double slope)
    {
        var middle = function(Middle);
        var spread = (slope * Width) + 1e-300;
        return Widened(middle - spread, middle + spread);
    }

    public bool Overlaps(Interval other) => Low <= other.High && other.Low <= High;

    private static Interval Widened(double low, double high)
    {
        const double ulps = 8 * 2.220446049250313e-16;
        return Outward(low - (Math.Abs(low) * ulps), high + (Math.Abs(high) * ulps));
    }

    private static Interval Outward(double low, double high) => new(Math.BitDecrement(low), Math.BitIncrement(high));
}
