using KnapsackCloud.Core.Rewards.Maths.Expressions;

namespace KnapsackCloud.Core.Rewards.Maths.Syntax;

/// <summary>Products, written or implied, with mixed numbers and units.</summary>
internal sealed partial class Parser
{
    private Expression? Term()
    {
        if (Factor() is not { } first)
            return null;
        var factors = new List<Expression> { first };
        while (true)
        {
            if (Take("*"))
            {
                if (SignedFactor() is not { } factor)
                    return null;
                factors.Add(factor);
            }
            else if (Take("/"))
            {
                if (SignedFactor() is not { } divisor)
                    return null;
                factors.Add(new Power(divisor, Number.MinusOne));
            }
            else if (TakeCommand("choose") || Current is { Kind: TokenKind.Command, Text: "mod" })
            {
                var name = TakeCommand("mod") ? "mod" : "binom";
                if (Factor() is not { } right)
                    return null;
                factors = [new Call(name, [Multiply(factors), right])];
            }
            else if (UnitFollows())
                factors = [new Quantity(Multiply(factors), TakeUnit())];
            else if (StartsFactor())
            {
                if (Factor() is not { } factor)
                    return null;
                factors.Add(factor);
            }
            else
                return Multiply(factors);
        }
    }

    private static Expression Multiply(List<Expression> factors) => factors.Count == 1 ? factors[0] : new Product(factors);

    private Expression? SignedFactor()
    {
        if (Take("-"))
            return SignedFactor() is { } factor ? Negate(factor) : null;
        return Take("+") ? SignedFactor() : Factor();
    }

    private Expression? Factor()
    {
        var start = _at;
        if (Raised() is not { } factor)
            return null;
        if (factor is not Number { Value.IsInteger: true } whole || _at != start + 1)
            return factor;
        return Current is { Kind: TokenKind.Command, Text: "frac" } ? WholeAndFraction(whole) : PlainMixedNumber(whole) ?? factor;
    }

    // 3\frac{1}{2} is a sum, 3\frac{x}{2} and 3\frac{5}{2} are products.
    private Expression? WholeAndFraction(Number whole) => Raised() switch
    {
        null => null,
        Product { Factors: [Number top, Power { Base: Number bottom }] } fraction when IsProper(top, bottom) => new Sum([whole, fraction]),
        var factor => new Product([whole, factor]),
    };

    private Sum? PlainMixedNumber(Number whole)
    {
        if (Current is not { Kind: TokenKind.Number, SpaceBefore: true } top || !Ahead.Is("/")
            || _at + 2 >= _tokens.Count || _tokens[_at + 2] is not { Kind: TokenKind.Number } bottom
            || !IsProper(new Number(top.Value), new Number(bottom.Value)))
            return null;
        _at += 3;
        return new Sum([whole, new Product([new Number(top.Value), new Power(new Number(bottom.Value), Number.MinusOne)])]);
    }

    private static bool IsProper(Number top, Number bottom) =>
        top.Value.IsInteger && bottom.Value.IsInteger && top.Value.Sign > 0 && top.Value.CompareTo(bottom.Value) < 0;

    private bool StartsFactor() => Current.Kind switch
    {
        TokenKind.Symbol or TokenKind.Function => true,
        TokenKind.Word => Current.Text.Length <= 3 && !Vocabulary.Prose.Contains(Current.Text),
        TokenKind.Number => _tokens[_at - 1].Kind != TokenKind.Number,
        TokenKind.Command => Current.Text is not ("end" or "rfloor" or "rceil" or "mod" or "pmod" or "choose"),
        TokenKind.Mark => Current.Text is "(" or "[" or "{" or "\\{" || (Current.Text == "|" && _absolute == 0),
        _ => false,
    };

    private bool UnitFollows() => Current.Kind == TokenKind.Text
        || (Current.Kind == TokenKind.Word && !Vocabulary.Prose.Contains(Current.Text)
            && (Units.IsKnown(Current.Text) ? _tokens[_at - 1].Kind is TokenKind.Number || Current.SpaceBefore || _tokens[_at - 1].Is("}") : Current.Text.Length > 3));

    // Unit, further words, "per hour", "/s" and an exponent: all one unit.
    private string TakeUnit()
    {
        var unit = "";
        while (true)
        {
            if (Current.Kind is TokenKind.Text or TokenKind.Word)
                unit += (unit.Length > 0 ? " " : "") + _tokens[_at++].Text;
            else if (Current.Is("^") && Ahead.Kind == TokenKind.Number)
            {
                unit += $"^{Ahead.Text}";
                _at += 2;
            }
            else if (Current.Is("^") && Ahead.Is("{") && _at + 3 < _tokens.Count && _tokens[_at + 2].Kind == TokenKind.Number && _tokens[_at + 3].Is("}"))
            {
                unit += $"^{_tokens[_at + 2].Text}";
                _at += 4;
            }
            else if (Current.Is("/") && Ahead.Kind is TokenKind.Text or TokenKind.Word or TokenKind.Symbol)
            {
                unit += $"/{Ahead.Text}";
                _at += 2;
            }
            else
                return unit;
        }
    }
}
