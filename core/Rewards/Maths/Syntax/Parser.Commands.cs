using KnapsackCloud.Core.Rewards.Maths.Expressions;

namespace KnapsackCloud.Core.Rewards.Maths.Syntax;

/// <summary>Functions and LaTeX commands with their arguments.</summary>
internal sealed partial class Parser
{
    private Expression? FunctionOperand()
    {
        var name = _tokens[_at++].Text;
        Expression? power = null, index = null;
        while (Current.Is("^") || Current.Is("_"))
        {
            var raised = Current.Is("^");
            _at++;
            if ((raised ? Exponent() : Argument()) is not { } script)
                return null;
            (power, index) = raised ? (script, index) : (power, script);
        }
        if (power is Number { Value: var inverse } && inverse == -1 && InverseOf(name) is { } inverseName)
            (name, power) = (inverseName, null);
        if (FunctionArguments() is not { } arguments)
            return null;
        if (index is not null && name != "log")
            return null;
        var call = new Call(name, index is null ? arguments : [.. arguments, index]);
        return power is null ? call : new Power(call, power);
    }

    private static string? InverseOf(string name) => name switch
    {
        "sin" or "cos" or "tan" or "cot" or "sec" or "csc" => $"arc{name}",
        "sinh" or "cosh" or "tanh" => $"ar{name}",
        _ => null,
    };

    private List<Expression>? FunctionArguments()
    {
        if (Current.Is("("))
        {
            _at++;
            return Items() is { } items && Take(")") ? items : null;
        }
        if (Current.Is("{") || Current.Is("|") || Current.Is("[") || Current.Is("\\{"))
            return Primary() is { } bracketed ? [bracketed] : null;
        // \ln xy is ln(xy), \sin 2x is sin(2x), \sin b \cos a is two factors.
        var negative = Take("-");
        if (Raised() is not { } argument)
            return null;
        var factors = new List<Expression> { argument };
        while (Current.Kind is TokenKind.Symbol || Current is { Kind: TokenKind.Command, Text: "frac" or "sqrt" })
        {
            if (Raised() is not { } factor)
                return null;
            factors.Add(factor);
        }
        var product = Multiply(factors);
        return [negative ? Negate(product) : product];
    }

    // Braces, or else one digit, symbol or command.
    private Expression? Argument()
    {
        if (Current.Kind == TokenKind.Number)
            return SingleDigit();
        return Primary();
    }

    private Expression? CommandOperand()
    {
        var command = _tokens[_at++].Text;
        switch (command)
        {
            case "frac":
                return Argument() is { } top && Argument() is { } bottom ? Fraction(top, bottom) : null;
            case "sqrt":
                return Root();
            case "binom":
                return Binomial();
            case "group":
                return Argument();
            case "angle":
                return Primary();
            case "overline" or "vec" or "hat":
                return Argument() is { } named && NameOf(named) is { } name ? SymbolOperand($"{command}({name})") : null;
            case "lfloor":
                return Additive() is { } below && TakeCommand("rfloor") ? new Call("floor", [below]) : null;
            case "lceil":
                return Additive() is { } above && TakeCommand("rceil") ? new Call("ceil", [above]) : null;
            case "sum" or "prod":
                return Series(command);
            case "lim" or "int":
                return Unevaluated(command);
            case "begin":
                return Environment();
            default:
                return null;
        }
    }

    private Power? Root()
    {
        Expression degree = new Number(2);
        if (Take("["))
        {
            if (Additive() is not { } index || !Take("]"))
                return null;
            degree = index;
        }
        // A plain "sqrt 12" or "√12" takes the whole number, \sqrt12 only a digit; models mean the whole number.
        var radicand = Current.Kind == TokenKind.Number ? new Number(Current.Value, _tokens[_at++].Decimals) : Primary();
        return radicand is null ? null : new Power(radicand, new Power(degree, Number.MinusOne));
    }

    private Call? Binomial()
    {
        if (Take("("))
            return Items() is [var n, var k] && Take(")") ? new Call("binom", [n, k]) : null;
        return Argument() is { } top && Argument() is { } bottom ? new Call("binom", [top, bottom]) : null;
    }

    private static string? NameOf(Expression expression) => expression switch
    {
        Symbol symbol => symbol.Name,
        Number { Value.IsInteger: true } number => number.Value.ToString(),
        Product product when product.Factors.All(factor => factor is Symbol) => string.Concat(product.Factors.Cast<Symbol>().Select(symbol => symbol.Name)),
        _ => null,
    };

    // \sum_{k=1}^{n} body, bounds in either order.
    private Call? Series(string command)
    {
        Expression? from = null, to = null;
        while (Current.Is("_") || Current.Is("^"))
        {
            var lower = Current.Is("_");
            _at++;
            if (Argument() is not { } bound)
                return null;
            (from, to) = lower ? (bound, to) : (from, bound);
        }
        return from is Relation { Sides: [Symbol index, var first], Kinds: [RelationKind.Equal] } && to is not null && Term() is { } body
            ? new Call(command, [index, first, to, body])
            : null;
    }

    // Limits and integrals are compared by their parts and never carried out.
    private Call? Unevaluated(string command)
    {
        var bounds = "";
        while (Current.Is("_") || Current.Is("^"))
        {
            bounds += Current.Text;
            _at++;
            if (Subscript() is not { } bound)
                return null;
            bounds += bound;
        }
        return (command == "int" ? Additive() : Term()) is { } body ? new Call(command, [new Symbol($"{command}{bounds}"), body]) : null;
    }

    // dy/dx is one name and d/dx needs something to act on; neither is a quotient.
    private Expression? Fraction(Expression top, Expression bottom) => (top, bottom) switch
    {
        (Symbol { Name: "d" }, Product { Factors: [Symbol { Name: "d" }, Symbol variable] }) =>
            StartsFactor() && Term() is { } body ? new Call("derivative", [variable, body]) : null,
        (Product { Factors: [Symbol { Name: "d" }, Symbol function] }, Product { Factors: [Symbol { Name: "d" }, Symbol variable] }) =>
            new Symbol($"d{function.Name}/d{variable.Name}"),
        _ => new Product([top, new Power(bottom, Number.MinusOne)]),
    };

    private Expression? Environment()
    {
        if (EnvironmentName() is not { } name)
            return null;
        if (name is not ("matrix" or "pmatrix" or "bmatrix" or "Bmatrix" or "vmatrix" or "smallmatrix" or "array"))
            return null;
        if (name == "array" && Current.Is("{"))
            SkipGroup();
        var rows = new List<IReadOnlyList<Expression>>();
        while (!(Current is { Kind: TokenKind.Command, Text: "end" }))
        {
            if (Row() is not { } row || (rows.Count > 0 && row.Count != rows[0].Count))
                return null;
            rows.Add(row);
        }
        _at++;
        if (EnvironmentName() != name || rows.Count == 0)
            return null;
        var matrix = new Matrix(rows);
        return name == "vmatrix" ? new Call("det", [matrix]) : matrix;
    }

    private List<Expression>? Row()
    {
        var row = new List<Expression>();
        do
        {
            if (Additive() is not { } cell)
                return null;
            row.Add(cell);
        }
        while (Take("&"));
        return Take("\\\\") || Current is { Kind: TokenKind.Command, Text: "end" } ? row : null;
    }

    private string? EnvironmentName()
    {
        if (!Take("{"))
            return null;
        var name = "";
        while (Current.Kind is TokenKind.Word or TokenKind.Symbol)
            name += _tokens[_at++].Text;
        return Take("}") ? name : null;
    }

    private void SkipGroup()
    {
        for (var open = 0; Current.Kind != TokenKind.End; _at++)
        {
            open += Current.Is("{") ? 1 : Current.Is("}") ? -1 : 0;
            if (open == 0)
            {
                _at++;
                return;
            }
        }
    }
}
