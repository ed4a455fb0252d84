using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Syntax;

internal enum TokenKind
{
    /// <summary>An operator, a bracket or a separator; <see cref="Token.Text"/> is its one canonical spelling.</summary>
    Mark,
    Number,
    /// <summary>One letter, a Greek letter, or a constant such as <c>∞</c>.</summary>
    Symbol,
    /// <summary>A named function: <c>sin</c>, <c>log</c>, <c>gcd</c> ...</summary>
    Function,
    /// <summary>A command with arguments of its own: <c>frac</c>, <c>sqrt</c>, <c>begin</c> ...</summary>
    Command,
    /// <summary>What stands in <c>\text{}</c> and its like.</summary>
    Text,
    /// <summary>Two or more plain letters that are no known name.</summary>
    Word,
    /// <summary>Nothing is left.</summary>
    End,
}

/// <param name="Text">Canonical spelling; for a number, its digits as written without separators.</param>
/// <param name="Decimals">Digits after the decimal point of a number.</param>
/// <param name="SpaceBefore">White space stood before it.</param>
internal readonly record struct Token(TokenKind Kind, string Text, bool SpaceBefore, Rational Value = default, int Decimals = 0)
{
    public bool Is(string mark) => Kind == TokenKind.Mark && Text == mark;
}
