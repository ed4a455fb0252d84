using KnapsackCloud.Core.Rewards.Maths.Expressions;

namespace KnapsackCloud.Core.Rewards.Maths.Comparison;

/// <summary>Sums, products and multiples of matrices, carried out entry by entry.</summary>
internal static class MatrixArithmetic
{
    private const int MaxEntries = 100;

    public static bool Concerns(Expression expression) => ExpressionWalk.Any(expression, part => part is Matrix);

    /// <summary>One matrix, or null when the shapes do not fit or it is no matrix.</summary>
    public static Matrix? Evaluate(Expression expression) => expression switch
    {
        Matrix matrix when matrix.Rows.Count * matrix.Rows[0].Count <= MaxEntries => matrix,
        Quantity quantity => Evaluate(quantity.Value),
        Sum sum => Fold(sum.Terms, Add),
        Product product => Multiply(product.Factors),
        Power { Exponent: Number { Value: { IsInteger: true } exponent } } power when exponent.Sign > 0 && exponent.CompareTo(6) <= 0 =>
            Multiply([.. Enumerable.Repeat(power.Base, (int)exponent.Numerator)]),
        _ => null,
    };

    private static Matrix? Fold(IReadOnlyList<Expression> parts, Func<Matrix, Matrix, Matrix?> join)
    {
        var result = Evaluate(parts[0]);
        for (var i = 1; i < parts.Count && result is not null; i++)
            result = Evaluate(parts[i]) is { } next ? join(result, next) : null;
        return result;
    }

    private static Matrix? Add(Matrix left, Matrix right) =>
        left.Rows.Count != right.Rows.Count || left.Rows[0].Count != right.Rows[0].Count
            ? null
            : new Matrix([.. left.Rows.Zip(right.Rows, (a, b) => (IReadOnlyList<Expression>)[.. a.Zip(b, (x, y) => new Sum([x, y]))])]);

    private static Matrix? Multiply(IReadOnlyList<Expression> factors)
    {
        var scalars = factors.Where(factor => !Concerns(factor)).ToList();
        var matrices = factors.Where(Concerns).ToList();
        if (matrices.Count == 0 || Fold(matrices, Multiply) is not { } matrix)
            return null;
        return scalars.Count == 0
            ? matrix
            : new Matrix([.. matrix.Rows.Select(row => (IReadOnlyList<Expression>)[.. row.Select(entry => new Product([.. scalars, entry]))])]);
    }

    private static Matrix? Multiply(Matrix left, Matrix right)
    {
        if (left.Rows[0].Count != right.Rows.Count || left.Rows.Count * right.Rows[0].Count > MaxEntries)
            return null;
        return new Matrix([.. left.Rows.Select(row => (IReadOnlyList<Expression>)[.. Enumerable.Range(0, right.Rows[0].Count)
            .Select(column => new Sum([.. row.Select((entry, k) => new Product([entry, right.Rows[k][column]]))]))])]);
    }
}
