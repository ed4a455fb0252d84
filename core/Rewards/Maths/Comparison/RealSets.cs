using KnapsackCloud.Core.Rewards.Maths.Expressions;

namespace KnapsackCloud.Core.Rewards.Maths.Comparison;

/// <summary>Sets of reals out of intervals, unions, finite sets and inequalities in one symbol.</summary>
internal sealed class RealSets(Effort effort)
{
    /// <summary>The answer can only be a set of reals: a union, a half-open interval, an end at infinity, an inequality.</summary>
    public static bool IsClearlySet(Expression expression) => expression switch
    {
        SetOperation => true,
        Bracketed { Items.Count: 2 } pair => (pair.Open, pair.Close) is ('[', ')') or ('(', ']')
            || pair.Items.Any(item => ExpressionWalk.Any(item, part => part is Symbol { Name: "∞" })),
        Relation relation => relation.Kinds.Any(kind => kind is not (RelationKind.Equal or RelationKind.Approximately or RelationKind.Congruent)),
        Symbol { Name: "ℝ" or "∅" } => true,
        ListOf list => list.Items.All(IsClearlySet),
        _ => false,
    };

    /// <summary>Null when some part is no set of reals or has ends with symbols.</summary>
    public RealSet? Read(Expression expression)
    {
        effort.Spend(8);
        switch (expression)
        {
            case Symbol { Name: "∅" }:
                return RealSet.Union([]);
            case Symbol { Name: "ℝ" }:
                return RealSet.Union([new Span(Endpoint.MinusInfinity, Endpoint.PlusInfinity)]);
            case Bracketed { Items: [var low, var high] } pair:
                return Between(low, pair.Open == '[', high, pair.Close == ']');
            case SetOf set:
                return Points(set.Items);
            case SetOperation operation:
                return Combine(operation);
            case ListOf list:
                return Join(list.Items);
            case Relation relation:
                return OfRelation(relation);
            default:
                return null;
        }
    }

    private RealSet? Between(Expression low, bool lowClosed, Expression high, bool highClosed) =>
        RealSet.EndAt(low, lowClosed, effort) is { } from && RealSet.EndAt(high, highClosed, effort) is { } to
            ? RealSet.Union([new Span(from, to)])
            : null;

    private RealSet? Points(IReadOnlyList<Expression> values)
    {
        var spans = new List<Span>();
        foreach (var value in values.SelectMany(SignChoices.Of))
        {
            if (RealSet.EndAt(value, closed: true, effort) is not { Value: not null } point)
                return null;
            spans.Add(new Span(point, point));
        }
        return RealSet.Union(spans);
    }

    private RealSet? Combine(SetOperation operation)
    {
        if (Read(operation.Left) is not { } left || Read(operation.Right) is not { } right)
            return null;
        return operation.Operator switch
        {
            SetOperator.Union => RealSet.Union([.. left.Spans, .. right.Spans]),
            SetOperator.Intersection => RealSet.Intersection(left, right),
            _ => RealSet.Intersection(left, right.Complement()),
        };
    }

    // "x < 2 or x > 3", "(1, 2) and (3, 4)": together.
    private RealSet? Join(IReadOnlyList<Expression> items)
    {
        var spans = new List<Span>();
        foreach (var item in items)
        {
            if (Read(item) is not { } set)
                return null;
            spans.AddRange(set.Spans);
        }
        return RealSet.Union(spans);
    }

    private RealSet? OfRelation(Relation relation)
    {
        if (relation.Kinds is [RelationKind.In])
            return Read(relation.Sides[1]);
        RealSet? result = null;
        for (var i = 0; i < relation.Kinds.Count; i++)
        {
            if (OfInequality(relation.Sides[i], relation.Kinds[i], relation.Sides[i + 1]) is not { } part)
                return null;
            result = result is null ? part : RealSet.Intersection(result, part);
        }
        return result;
    }

    // c·x op value, the symbol on either side.
    private RealSet? OfInequality(Expression left, RelationKind kind, Expression right)
    {
        if (ExpressionWalk.HasSymbols(right))
            return ExpressionWalk.HasSymbols(left) ? null : OfInequality(right, Inequalities.Turned(kind), left);
        switch (left)
        {
            case Symbol:
                break;
            case Product { Factors: [Number { Value.IsZero: false } factor, Symbol symbol] }:
                var bound = new Product([right, new Power(factor, Number.MinusOne)]);
                return OfInequality(symbol, factor.Value.Sign < 0 ? Inequalities.Turned(kind) : kind, bound);
            default:
                return null;
        }
        return kind switch
        {
            RelationKind.Less or RelationKind.LessOrEqual => Between(new Product([Number.MinusOne, new Symbol("∞")]), false, right, kind == RelationKind.LessOrEqual),
            RelationKind.Greater or RelationKind.GreaterOrEqual => Between(right, kind == RelationKind.GreaterOrEqual, new Symbol("∞"), false),
            RelationKind.NotEqual => Points([right])?.Complement(),
            RelationKind.Equal => Points([right]),
            _ => null,
        };
    }
}
