using KnapsackCloud.Core.Rewards.Maths.Algebra;
using KnapsackCloud.Core.Rewards.Maths.Expressions;
using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Comparison;

/// <summary>Equations and inequalities that say the same: the difference of their sides agrees up to a constant factor.</summary>
internal sealed class Inequalities(ScalarComparer scalars, Effort effort)
{
    /// <summary>The relation read from right to left.</summary>
    public static RelationKind Turned(RelationKind kind) => kind switch
    {
        RelationKind.Less => RelationKind.Greater,
        RelationKind.LessOrEqual => RelationKind.GreaterOrEqual,
        RelationKind.Greater => RelationKind.Less,
        RelationKind.GreaterOrEqual => RelationKind.LessOrEqual,
        _ => kind,
    };

    /// <summary>Both relate two sides, with symbols, and have the same solutions up to a constant factor.</summary>
    public bool AreEquivalent(Relation left, Relation right)
    {
        if (left.Sides.Count != 2 || right.Sides.Count != 2 || !(ExpressionWalk.HasSymbols(left) && ExpressionWalk.HasSymbols(right)))
            return false;
        if (Oriented(left) is not var (kind, below) || Oriented(right) is not var (otherKind, otherBelow) || kind != otherKind)
            return false;
        if (below is null || otherBelow is null || Proportion(below, otherBelow) is not { } factor)
            return false;
        return kind is RelationKind.Equal or RelationKind.NotEqual ? !factor.IsZero : factor.Sign > 0;
    }

    // "a > b" as "b - a < 0". Equations lose their denominators: y = 1/x and xy = 1 are the same.
    private (RelationKind Kind, Polynomial? Difference)? Oriented(Relation relation)
    {
        var kind = relation.Kinds[0];
        if (kind is RelationKind.In or RelationKind.Congruent or RelationKind.Approximately)
            return null;
        var flip = kind is RelationKind.Greater or RelationKind.GreaterOrEqual;
        var difference = new Sum([relation.Sides[flip ? 1 : 0], new Product([Number.MinusOne, relation.Sides[flip ? 0 : 1]])]);
        var canonical = scalars.TryCanonical(difference);
        var symmetric = kind is RelationKind.Equal or RelationKind.NotEqual;
        if (canonical is null || (!canonical.IsPolynomial && !symmetric))
            return (kind, null);
        var numerator = symmetric ? Cleared(canonical.Numerator) : canonical.Numerator;
        return (flip ? Turned(kind) : kind, numerator);
    }

    private Polynomial Cleared(Polynomial polynomial)
    {
        var negative = polynomial.CommonMonomial().Powers.Where(power => power.Exponent.Sign < 0).ToArray();
        return polynomial.Times(Polynomial.Term(new Monomial(negative).Raise(-1), Rational.One), effort);
    }

    // The rational k with left = k·right, or null.
    private Rational? Proportion(Polynomial left, Polynomial right)
    {
        if (left.IsZero || right.IsZero || left.Terms.Count != right.Terms.Count)
            return null;
        var (monomial, coefficient) = left.Ordered.First();
        if (!right.Terms.TryGetValue(monomial, out var other) || coefficient.Over(other) is not { } factor)
            return null;
        effort.Spend(left.Terms.Count);
        return left.Key == right.Times(factor).Key ? factor : null;
    }
}
