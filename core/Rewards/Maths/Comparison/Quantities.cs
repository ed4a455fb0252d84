using KnapsackCloud.Core.Rewards.Maths.Expressions;
using KnapsackCloud.Core.Rewards.Maths.Syntax;

namespace KnapsackCloud.Core.Rewards.Maths.Comparison;

/// <summary>Values with units. A unit on one side alone says nothing.</summary>
internal static class Quantities
{
    public static bool AreEqual(Expression gold, Expression answer, Func<Expression, Expression, bool> areEqual) =>
        areEqual(Value(gold), Value(answer));

    /// <summary>5m beside a plain number is 5 metres, not 5 times m.</summary>
    public static Expression WithoutUnitLetter(Expression value, Expression other)
    {
        if (value is not Product product || ExpressionWalk.HasSymbols(other) || !IsUnit(product.Factors[^1]))
            return value;
        var number = product.Factors.Take(product.Factors.Count - 1).ToList();
        return number.Exists(ExpressionWalk.HasSymbols) ? value : number.Count == 1 ? number[0] : new Product(number);
    }

    private static bool IsUnit(Expression factor) => factor switch
    {
        Symbol symbol => Units.IsLetter(symbol.Name),
        Power { Base: Symbol symbol, Exponent: Number } => Units.IsLetter(symbol.Name),
        _ => false,
    };

    private static Expression Value(Expression expression) => expression is Quantity quantity ? Value(quantity.Value) : expression;
}
