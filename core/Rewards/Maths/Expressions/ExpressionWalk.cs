namespace KnapsackCloud.Core.Rewards.Maths.Expressions;

/// <summary>Questions to every part of an expression, and copies with some parts replaced.</summary>
internal static class ExpressionWalk
{
    public static IEnumerable<Expression> Parts(Expression expression) => expression switch
    {
        Sum sum => sum.Terms,
        Product product => product.Factors,
        Power power => [power.Base, power.Exponent],
        Call call => call.Arguments,
        PlusMinus plusMinus => [plusMinus.Left, plusMinus.Right],
        Percent percent => [percent.Value],
        Degrees degrees => [degrees.Value],
        Quantity quantity => [quantity.Value],
        Ratio ratio => ratio.Parts,
        Bracketed bracketed => bracketed.Items,
        SetOf set => set.Items,
        ListOf list => list.Items,
        SetOperation operation => [operation.Left, operation.Right],
        Matrix matrix => matrix.Rows.SelectMany(row => row),
        Relation relation => relation.Sides,
        _ => [],
    };

    public static bool All(Expression expression, Func<Expression, bool> question) =>
        question(expression) && Parts(expression).All(part => All(part, question));

    public static bool Any(Expression expression, Func<Expression, bool> question) =>
        !All(expression, part => !question(part));

    /// <summary>Symbols that are not constants.</summary>
    public static bool HasSymbols(Expression expression) =>
        Any(expression, part => part is Symbol { Name: not ("π" or "e" or "i" or "∞" or "∅" or "ℝ" or "ℤ" or "ℕ") });

    /// <summary>A copy whose direct parts went through <paramref name="change"/>.</summary>
    public static Expression Map(Expression expression, Func<Expression, Expression> change) => expression switch
    {
        Sum sum => new Sum(Map(sum.Terms, change)),
        Product product => new Product(Map(product.Factors, change)),
        Power power => new Power(change(power.Base), change(power.Exponent)),
        Call call => call with { Arguments = Map(call.Arguments, change) },
        PlusMinus plusMinus => plusMinus with { Left = change(plusMinus.Left), Right = change(plusMinus.Right) },
        Percent percent => new Percent(change(percent.Value)),
        Degrees degrees => new Degrees(change(degrees.Value)),
        Quantity quantity => quantity with { Value = change(quantity.Value) },
        Ratio ratio => new Ratio(Map(ratio.Parts, change)),
        Bracketed bracketed => bracketed with { Items = Map(bracketed.Items, change) },
        SetOf set => new SetOf(Map(set.Items, change)),
        ListOf list => new ListOf(Map(list.Items, change)),
        SetOperation operation => operation with { Left = change(operation.Left), Right = change(operation.Right) },
        Matrix matrix => new Matrix([.. matrix.Rows.Select(row => Map(row, change))]),
        Relation relation => relation with { Sides = Map(relation.Sides, change) },
        _ => expression,
    };

    private static List<Expression> Map(IReadOnlyList<Expression> parts, Func<Expression, Expression> change) => [.. parts.Select(change)];
}
