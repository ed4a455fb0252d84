using KnapsackCloud.Core.Rewards.Maths.Expressions;

namespace KnapsackCloud.Core.Rewards.Maths.Numerics;

internal enum SampleVerdict { Equal, Different, Unknown }

/// <summary>
/// Two expressions with symbols at fixed irrational-looking points. One proven difference is final. Agreement counts
/// only at three points or more, each to nine digits.
/// </summary>
internal static class SamplePoints
{
    private const int Points = 12;
    private const int Needed = 3;
    private const double Tolerance = 1e-9;

    public static SampleVerdict Compare(Expression left, Expression right, Effort effort)
    {
        var agreements = 0;
        for (var point = 0; point < Points; point++)
        {
            var number = point;
            var evaluator = new NumericEvaluator(name => Interval.Around(Coordinate(name, number)), effort);
            if (evaluator.Evaluate(left) is not { IsFinite: true } a || evaluator.Evaluate(right) is not { IsFinite: true } b)
                continue;
            if (!a.Overlaps(b))
                return SampleVerdict.Different;
            var scale = Math.Max(Math.Abs(a.Middle), Math.Abs(b.Middle));
            if (a.Width + b.Width <= Tolerance * scale)
                agreements++;
        }
        return agreements >= Needed ? SampleVerdict.Equal : SampleVerdict.Unknown;
    }

    // In (0, 1), (1, 4) and (-2, 0) by turns, the same for the same name.
    private static double Coordinate(string name, int point)
    {
        var hash = 2166136261u;
        foreach (var character in name)
            hash = (hash ^ character) * 16777619u;
        hash = (hash ^ (uint)point) * 2654435761u;
        hash ^= hash >> 15;
        var unit = ((hash & 0xFFFFF) + 0.318309886) / (1 << 20);
        return (point % 4) switch
        {
            0 or 2 => 0.05 + (0.9 * unit),
            1 => 1.1 + (2.7 * unit),
            _ => -0.1 - (1.8 * unit),
        };
    }
}
