using System.Globalization;
using KnapsackCloud.Core.Rewards.Maths.Expressions;

namespace KnapsackCloud.Core.Rewards.Maths.Syntax;

/// <summary>Powers and what they are made of: numbers, symbols, brackets.</summary>
internal sealed partial class Parser
{
    private Expression? Raised()
    {
        var @base = Postfix();
        while (@base is not null && Current.Is("^"))
        {
            _at++;
            if (TakeDegreeSign())
            {
                @base = AfterDegree(@base);
                continue;
            }
            if (Exponent() is not { } exponent)
                return null;
            @base = Suffixes(new Power(@base, exponent));
        }
        return @base;
    }

    // ^\circ or ^{\circ}
    private bool TakeDegreeSign()
    {
        if (Take("deg"))
            return true;
        if (!Current.Is("{") || !Ahead.Is("deg"))
            return false;
        _at += 2;
        return Take("}");
    }

    private Expression AfterDegree(Expression value)
    {
        if (Current is not { Kind: TokenKind.Symbol, Text: "C" or "F" })
            return new Degrees(value);
        return new Quantity(value, $"°{_tokens[_at++].Text}");
    }

    private Expression? Exponent()
    {
        if (Current.Is("{"))
            return Primary();
        if (Take("-"))
            return Exponent() is { } exponent ? Negate(exponent) : null;
        // 2^3^2 is 2^(3^2).
        return Raised();
    }

    private Expression? Postfix() => Primary() is { } operand ? Suffixes(operand) : null;

    private Expression Suffixes(Expression operand)
    {
        while (Current.Kind == TokenKind.Mark)
        {
            if (Take("!"))
                operand = new Call("factorial", [operand]);
            else if (Take("%"))
                operand = new Percent(operand);
            else if (Take("deg"))
                operand = AfterDegree(operand);
            else
                break;
        }
        return operand;
    }

    private Expression? Primary()
    {
        if (++_depth > MaxDepth)
            return null;
        var operand = Current.Kind switch
        {
            TokenKind.Number => NumberOperand(),
            TokenKind.Symbol => SymbolOperand(_tokens[_at++].Text),
            TokenKind.Word => WordOperand(),
            TokenKind.Text => TextOperand(),
            TokenKind.Function => FunctionOperand(),
            TokenKind.Command => CommandOperand(),
            TokenKind.Mark => BracketOperand(),
            _ => null,
        };
        _depth--;
        return operand;
    }

    private Expression? NumberOperand()
    {
        var token = _tokens[_at++];
        if (!Current.Is("_"))
            return new Number(token.Value, token.Decimals);
        _at++;
        return Argument() is Number { Value.IsInteger: true } radix && token.Text.Length > 0 && radix.Value.CompareTo(2) >= 0 && radix.Value.CompareTo(36) <= 0
            && token.Text.All(digit => digit - '0' < radix.Value.Numerator)
            ? new InBase(token.Text, (int)radix.Value.Numerator)
            : null;
    }

    private Symbol? SymbolOperand(string name)
    {
        while (true)
        {
            if (Take("'"))
                name += "'";
            else if (Current.Is("_"))
            {
                _at++;
                if (Subscript() is not { } index)
                    return null;
                name += $"_{index}";
            }
            else
                return new Symbol(name);
        }
    }

    // A subscript is a name and not a value: x_{n+1} is one symbol.
    private string? Subscript()
    {
        if (!Current.Is("{"))
            return Current.Kind is TokenKind.Number or TokenKind.Symbol or TokenKind.Word or TokenKind.Text ? TakeDigitOrName() : null;
        _at++;
        var index = "";
        for (var open = 1; Current.Kind != TokenKind.End; _at++)
        {
            open += Current.Is("{") ? 1 : Current.Is("}") ? -1 : 0;
            if (open == 0)
            {
                _at++;
                return index;
            }
            index += Current.Kind == TokenKind.Number ? Current.Value.ToString() : Current.Text;
        }
        return null;
    }

    private string TakeDigitOrName()
    {
        if (Current.Kind == TokenKind.Number)
            return SingleDigit().Value.ToString();
        return _tokens[_at++].Text;
    }

    // TeX reads one digit where no braces stand: \frac12, x_12.
    private Number SingleDigit()
    {
        var token = Current;
        if (token.Text.Length <= 1)
        {
            _at++;
            return new Number(token.Value, token.Decimals);
        }
        var rest = token.Text[1..];
        _tokens[_at] = token with { Text = rest, Value = System.Numerics.BigInteger.Parse(rest, CultureInfo.InvariantCulture), SpaceBefore = false };
        return new Number(token.Text[0] - '0');
    }

    private Product? WordOperand()
    {
        var word = Current.Text;
        if (word.Length > 3 || Vocabulary.Prose.Contains(word))
            return null;
        _at++;
        var letters = word.Select(letter => (Expression)new Symbol(letter.ToString())).ToList();
        // The subscript or prime belongs to the last letter.
        if (SymbolOperand(word[^1..]) is not { } last)
            return null;
        letters[^1] = last;
        if (!Current.Is("^"))
            return new Product(letters);
        _at++;
        if (Exponent() is not { } exponent)
            return null;
        letters[^1] = new Power(last, exponent);
        return new Product(letters);
    }

    private Expression? TextOperand()
    {
        var text = _tokens[_at++].Text;
        // "\text{Rs. } 500": words in front of a value.
        if (Current.Kind == TokenKind.Number || Current.Is("(") || Current is { Kind: TokenKind.Command, Text: "frac" or "sqrt" })
            return Primary();
        return SymbolOperand($"\"{text.ToLowerInvariant()}\"");
    }

    private Expression? BracketOperand()
    {
        switch (Current.Text)
        {
            case "(" or "[":
                return RoundOrSquare();
            case "{":
                _at++;
                return Items() is { } group && Take("}") ? One(group) : null;
            case "\\{":
                return SetOperand();
            case "|":
                _at++;
                _absolute++;
                var inner = Additive();
                _absolute--;
                return inner is not null && Take("|") ? new Call("abs", [inner]) : null;
            default:
                return null;
        }
    }

    private Expression? RoundOrSquare()
    {
        var open = _tokens[_at++].Text[0];
        var outside = _absolute;
        _absolute = 0;
        var items = Items();
        _absolute = outside;
        if (items is null || !(Current.Is(")") || Current.Is("]")))
            return null;
        var close = _tokens[_at++].Text[0];
        if (items.Count > 1)
            return new Bracketed(open, items, close);
        return (open, close) is ('(', ')') or ('[', ']') ? items[0] : null;
    }

    private Expression? SetOperand()
    {
        _at++;
        if (Take("\\}"))
            return new Symbol("∅");
        if (Items() is not { } items)
            return null;
        // {x | x > 5} and {x : x > 5} are what the condition says.
        if (items.Count == 1 && (Take("mid") || Take("|")))
            return Relation() is { } condition && Take("\\}") ? condition : null;
        return Take("\\}") ? new SetOf(items) : null;
    }
}
