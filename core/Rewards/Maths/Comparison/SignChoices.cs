using KnapsackCloud.Core.Rewards.Maths.Expressions;

namespace KnapsackCloud.Core.Rewards.Maths.Comparison;

/// <summary>An answer with ± says two answers: all upper signs, all lower signs.</summary>
internal static class SignChoices
{
    public static IReadOnlyList<Expression> Of(Expression expression) =>
        ExpressionWalk.Any(expression, part => part is PlusMinus)
            ? [Choose(expression, upper: true), Choose(expression, upper: false)]
            : [expression];

    private static Expression Choose(Expression expression, bool upper) => expression switch
    {
        PlusMinus sign => new Sum(
        [
            Choose(sign.Left, upper),
            upper != sign.MinusFirst ? Choose(sign.Right, upper) : new Product([Number.MinusOne, Choose(sign.Right, upper)]),
        ]),
        _ => ExpressionWalk.Map(expression, part => Choose(part, upper)),
    };
}
