using System.Runtime.CompilerServices;

namespace KnapsackCloud.Core.Plan;

/// <summary>One task as the solver sees it: a value curve, bounds on its rollouts and what one of them costs.</summary>
public readonly struct KnapsackItem
{
    /// <param name="curve">What the rollouts are worth.</param>
    /// <param name="cost">Of one rollout in the budget's unit; positive.</param>
    /// <param name="min">Fewest rollouts, 0 or more.</param>
    /// <param name="max">Most rollouts, at least <paramref name="min"/>.</param>
    /// <param name="opening">With <paramref name="min"/> 0 and a new group: fewest rollouts once it is begun, 2 or more, as one alone is worth nothing.</param>
    public KnapsackItem(ValueCurve curve, double cost, int min, int max, int opening = 2)
    {
        (Curve, Cost, Min, Max) = (curve, cost, min, max);
        Opening = min < curve.Worthless ? Math.Max(opening, curve.Worthless + 1) : 0;
    }

    public ValueCurve Curve { get; }
    public double Cost { get; }
    public int Min { get; }
    public int Max { get; }
    /// <summary>0 when any count from <see cref="Min"/> to <see cref="Max"/> is on the value's concave part.</summary>
    public int Opening { get; }

    /// <summary>The largest count that is allowed: <see cref="Max"/>, unless the opening does not fit under it.</summary>
    public int Most => Max < Opening ? Min : Max;

    /// <summary>Rollouts whose worth per cost is above <paramref name="price"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int CountAbove(double price) => Curve.CountAbove(price * Cost, Min, Max, Opening);

    /// <summary>The next count after <paramref name="count"/>: one more, or the whole opening.</summary>
    internal int Next(int count) => count == 0 && Opening > 0 ? Opening : count + 1;

    /// <summary>The count before <paramref name="count"/>: one less, or none from the opening.</summary>
    internal int Previous(int count) => count == Opening ? Min : count - 1;
}
