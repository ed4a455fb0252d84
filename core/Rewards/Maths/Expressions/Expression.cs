using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Expressions;

/// <summary>What an answer says, as it was written: nothing is evaluated or reordered yet.</summary>
internal abstract record Expression;

/// <param name="Decimals">Digits written after the decimal point.</param>
internal sealed record Number(Rational Value, int Decimals = 0) : Expression
{
    public static readonly Number One = new(Rational.One);
    public static readonly Number MinusOne = new(-1);
}

internal sealed record Symbol(string Name) : Expression;

internal sealed record Sum(IReadOnlyList<Expression> Terms) : Expression;

internal sealed record Product(IReadOnlyList<Expression> Factors) : Expression;

internal sealed record Power(Expression Base, Expression Exponent) : Expression;

internal sealed record Call(string Function, IReadOnlyList<Expression> Arguments) : Expression;

/// <summary><c>left ± right</c>; <c>∓</c> when <paramref name="MinusFirst"/>.</summary>
internal sealed record PlusMinus(Expression Left, Expression Right, bool MinusFirst) : Expression;

internal sealed record Percent(Expression Value) : Expression;

internal sealed record Degrees(Expression Value) : Expression;

/// <summary>A value with the unit or the words written after it.</summary>
internal sealed record Quantity(Expression Value, string Unit) : Expression;

/// <summary>Digits with the base as a subscript; each digit below the base.</summary>
internal sealed record InBase(string Digits, int Base) : Expression;

/// <summary><c>a:b</c> or <c>a:b:c</c>.</summary>
internal sealed record Ratio(IReadOnlyList<Expression> Parts) : Expression;

/// <summary>A tuple or an interval: the text alone cannot tell <c>(1, 2)</c> from <c>(1, 2)</c>. Two items or more.</summary>
internal sealed record Bracketed(char Open, IReadOnlyList<Expression> Items, char Close) : Expression;

internal sealed record SetOf(IReadOnlyList<Expression> Items) : Expression;

/// <summary>Several answers, joined by commas, <c>and</c> or <c>or</c>. Two items or more.</summary>
internal sealed record ListOf(IReadOnlyList<Expression> Items) : Expression;

internal enum SetOperator { Union, Intersection, Difference }

internal sealed record SetOperation(SetOperator Operator, Expression Left, Expression Right) : Expression;

/// <summary>Rows of equal length, at least one by one.</summary>
internal sealed record Matrix(IReadOnlyList<IReadOnlyList<Expression>> Rows) : Expression;

internal enum RelationKind { Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, Approximately, In, Congruent }

/// <summary>A chain such as <c>a = b = c</c> or <c>0 &lt; x ≤ 1</c>; one kind between each two sides.</summary>
internal sealed record Relation(IReadOnlyList<Expression> Sides, IReadOnlyList<RelationKind> Kinds) : Expression;
