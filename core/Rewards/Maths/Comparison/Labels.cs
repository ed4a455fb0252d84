using KnapsackCloud.Core.Rewards.Maths.Expressions;

namespace KnapsackCloud.Core.Rewards.Maths.Comparison;

/// <summary>Left sides that only name the answer: x, f(x), |AB|, (p, q), S_1 : S_2.</summary>
internal static class Labels
{
    public static bool IsLabel(Expression expression) => expression switch
    {
        Symbol => true,
        Product { Factors: [Symbol, ..] } named => named.Factors.Skip(1).All(part => part is Number or Relation || IsLabel(part)),
        Product product => product.Factors.All(IsLabel),
        Power { Exponent: Number { Value: var inverse } } quotient => inverse == -1 && IsLabel(quotient.Base),
        Call { Function: "abs" or "max" or "min" or "det" or "gcd" or "lcm" } call => call.Arguments.All(IsLabel),
        Ratio ratio => ratio.Parts.All(IsLabel),
        Bracketed tuple => tuple.Items.All(IsLabel),
        Degrees degrees => IsLabel(degrees.Value),
        Quantity quantity => IsLabel(quantity.Value),
        ListOf list => list.Items.All(IsLabel),
        _ => false,
    };

    /// <summary>What a chain of equations says in the end, with the label it began with and the roundings after ≈.</summary>
    public static Claim? Read(Expression expression)
    {
        if (expression is not Relation relation)
            return null;
        var exact = relation.Kinds.TakeWhile(kind => kind == RelationKind.Equal).Count();
        if (!relation.Kinds.Skip(exact).All(kind => kind == RelationKind.Approximately))
            return null;
        var label = exact > 0 ? relation.Sides[0] : null;
        return new Claim(label, relation.Sides[exact], [.. relation.Sides.Skip(exact + 1)]);
    }
}

/// <param name="Label">Null when nothing stands before the value but the value.</param>
/// <param name="Roundings">What follows an ≈.</param>
internal sealed record Claim(Expression? Label, Expression Value, IReadOnlyList<Expression> Roundings);
