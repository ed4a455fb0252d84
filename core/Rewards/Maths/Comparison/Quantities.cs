using KnapsackCloud.Core.Rewards.Maths.Expressions;
using KnapsackCloud.Core.Rewards.Maths.Syntax;

namespace KnapsackCloud.Core.Rewards.Maths.Comparison;

/// <summary>Values with units. A unit on one side alone says nothing.</summary>
internal static class Quantities
{
    public static bool AreEqual(Expression gold, Expression answer, Func<Expression, Expression, bool> areEqual) =>
        areEqual(Value(gold), Value(answer));

    /// <summary>Beside a plain number 5m is 5 metres and 24 m/s a speed, not products with m and s.</summary>
    public static Expression WithoutUnitLetters(Expression value, Expression other)
    {
        if (value is not Product product || ExpressionWalk.HasSymbols(other))
            return value;
        var number = product.Factors.Reverse().SkipWhile(IsUnit).Reverse().ToList();
        if (number.Count == 0 || number.Exists(ExpressionWalk.HasSymbols))
            return value;
        return number.Count == 1 ? number[0] : new Product(number);
    }

    private static bool IsUnit(Expression factor) => factor switch
    {
        Symbol symbol => Units.IsLetter(symbol.Name),
        Power { Exponent: Number } power => IsUnit(power.Base),
        Product product => product.Factors.All(IsUnit),
        _ => false,
    };

    private static Expression Value(Expression expression) => expression is Quantity quantity ? Value(quantity.Value) : expression;
}
