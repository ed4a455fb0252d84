using KnapsackCloud.Core.Rewards.Maths.Expressions;
using KnapsackCloud.Core.Rewards.Maths.Numerics;

namespace KnapsackCloud.Core.Rewards.Maths.Comparison;

/// <summary>One end of an interval. <paramref name="Value"/> is null at plus or minus infinity.</summary>
internal sealed record Endpoint(Expression? Value, double Position, bool Closed)
{
    public static readonly Endpoint MinusInfinity = new(null, double.NegativeInfinity, false);
    public static readonly Endpoint PlusInfinity = new(null, double.PositiveInfinity, false);
}

/// <summary>An interval; a single point has two closed ends of the same value.</summary>
internal sealed record Span(Endpoint Low, Endpoint High);

/// <summary>A union of intervals and points of the real line: sorted, disjoint, nothing left to join.</summary>
internal sealed class RealSet
{
    private const double Same = 1e-12;

    private RealSet(IReadOnlyList<Span> spans) => Spans = spans;

    public IReadOnlyList<Span> Spans { get; }

    public static RealSet Union(IEnumerable<Span> spans)
    {
        var joined = new List<Span>();
        foreach (var span in spans.Where(IsNotEmpty).OrderBy(span => span.Low.Position).ThenByDescending(span => span.Low.Closed))
        {
            if (joined.Count > 0 && Touches(joined[^1].High, span.Low))
                joined[^1] = joined[^1] with { High = Later(joined[^1].High, span.High) };
            else
                joined.Add(span);
        }
        return new RealSet(joined);
    }

    public static RealSet Intersection(RealSet left, RealSet right) => Union(
        from a in left.Spans
        from b in right.Spans
        select new Span(
            Compare(a.Low, b.Low) is var low && (low > 0 || (low == 0 && !a.Low.Closed)) ? a.Low : b.Low,
            Compare(a.High, b.High) is var high && (high < 0 || (high == 0 && !a.High.Closed)) ? a.High : b.High));

    public RealSet Complement()
    {
        var spans = new List<Span>();
        var low = Endpoint.MinusInfinity;
        foreach (var span in Spans)
        {
            spans.Add(new Span(low, span.Low with { Closed = span.Low.Value is not null && !span.Low.Closed }));
            low = span.High with { Closed = span.High.Value is not null && !span.High.Closed };
        }
        spans.Add(new Span(low, Endpoint.PlusInfinity));
        return Union(spans);
    }

    /// <summary>Every end has the same value, by <paramref name="areEqual"/>, and the same kind.</summary>
    public bool Equals(RealSet other, Func<Expression, Expression, bool> areEqual)
    {
        if (Spans.Count != other.Spans.Count)
            return false;
        return Spans.Zip(other.Spans).All(pair => SameEnd(pair.First.Low, pair.Second.Low) && SameEnd(pair.First.High, pair.Second.High));

        bool SameEnd(Endpoint a, Endpoint b) => a.Value is null || b.Value is null
            ? a.Position == b.Position
            : a.Closed == b.Closed && Compare(a, b) == 0 && areEqual(a.Value, b.Value);
    }

    /// <summary>An end at a real constant or at infinity, or null.</summary>
    public static Endpoint? EndAt(Expression value, bool closed, Effort effort)
    {
        switch (value)
        {
            case Symbol { Name: "∞" }:
                return Endpoint.PlusInfinity;
            case Product { Factors: [Number { Value.Sign: -1 }, Symbol { Name: "∞" }] }:
                return Endpoint.MinusInfinity;
            default:
                return NumericEvaluator.OfConstant(value, effort) is { } position ? new Endpoint(value, position.Middle, closed) : null;
        }
    }

    private static bool IsNotEmpty(Span span) => Compare(span.Low, span.High) is var order
        && (order < 0 || (order == 0 && span.Low.Closed && span.High.Closed));

    private static bool Touches(Endpoint high, Endpoint low) => Compare(high, low) is var order
        && (order > 0 || (order == 0 && (high.Closed || low.Closed)));

    private static Endpoint Later(Endpoint a, Endpoint b) => Compare(a, b) is var order
        && (order > 0 || (order == 0 && a.Closed)) ? a : b;

    private static int Compare(Endpoint a, Endpoint b)
    {
        var near = double.IsFinite(a.Position) && double.IsFinite(b.Position)
            && Math.Abs(a.Position - b.Position) <= Same * Math.Max(1, Math.Abs(a.Position));
        return near ? 0 : a.Position.CompareTo(b.Position);
    }
}
