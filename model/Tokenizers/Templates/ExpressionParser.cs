using System.Globalization;

namespace KnapsackCloud.Model.Tokenizers.Templates;

/// <summary>Reads expressions from the words of one tag, with Jinja's precedence: if-else, or, and, not, comparison, + -, ~, * / // %, filters and tests.</summary>
internal sealed class ExpressionParser(IReadOnlyList<TemplateToken> tokens)
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">=", "in"];
    private static readonly Dictionary<string, object?> Constants = new(StringComparer.Ordinal)
    {
        ["true"] = true,
        ["True"] = true,
        ["false"] = false,
        ["False"] = false,
        ["none"] = null,
        ["None"] = null,
    };

    private int _next;
    private int _depth;

    private TemplateToken Current => tokens[_next];

    public TemplateToken Next() => Current.Kind == TemplateTokenKind.End ? Current : tokens[_next++];

    public bool Take(string text)
    {
        if (!Current.Is(text)) return false;
        _next++;
        return true;
    }

    public void Expect(string text)
    {
        if (!Take(text)) throw new TemplateException(Current.Line, $"{Current} stands where '{text}' must be");
    }

    public string ExpectName() =>
        Current.Kind == TemplateTokenKind.Name ? Next().Text : throw new TemplateException(Current.Line, $"{Current} stands where a name must be");

    public void ExpectEnd()
    {
        if (Current.Kind != TemplateTokenKind.End) throw new TemplateException(Current.Line, $"{Current} is not understood here");
    }

    public TemplateExpression Expression()
    {
        if (++_depth > TemplateParser.MostNested) throw new TemplateException(Current.Line, $"expressions are nested more than {TemplateParser.MostNested} deep");
        var value = Or();
        if (Current.Is("if"))
        {
            var line = Next().Line;
            var condition = Or();
            value = new Conditional(condition, value, Take("else") ? Expression() : null, line);
        }

        _depth--;
        return value;
    }

    public TemplateExpression Or()
    {
        var left = And();
        while (Current.Is("or")) left = new Either(false, left, AfterOperator(And, out var line), line);
        return left;
    }

    private TemplateExpression And()
    {
        var left = Negation();
        while (Current.Is("and")) left = new Either(true, left, AfterOperator(Negation, out var line), line);
        return left;
    }

    private TemplateExpression Negation()
    {
        var nots = new Stack<int>();
        while (Current.Is("not")) nots.Push(Next().Line);
        var value = Comparison();
        return nots.Aggregate(value, (operand, line) => new Not(operand, line));
    }

    private TemplateExpression Comparison()
    {
        var left = Sum();
        while (true)
        {
            var notIn = Current.Is("not") && tokens[_next + 1].Is("in");
            if (notIn) Next();
            else if (!Array.Exists(Comparisons, Current.Is)) return left;
            var operation = notIn ? "not in" : Current.Text;
            left = new Binary(operation, left, AfterOperator(Sum, out var line), line);
        }
    }

    private TemplateExpression Sum() => Chain(Concatenation, "+", "-");

    private TemplateExpression Concatenation() => Chain(Product, "~");

    private TemplateExpression Product() => Chain(Unary, "*", "/", "//", "%");

    private TemplateExpression Chain(Func<TemplateExpression> operand, params string[] operations)
    {
        var left = operand();
        while (Array.Exists(operations, Current.Is))
        {
            var operation = Current.Text;
            left = new Binary(operation, left, AfterOperator(operand, out var line), line);
        }

        return left;
    }

    private TemplateExpression AfterOperator(Func<TemplateExpression> operand, out int line)
    {
        line = Next().Line;
        return operand();
    }

    private TemplateExpression Unary()
    {
        if (!Current.Is("-")) return FiltersAndTests(Postfix(Primary()));
        var line = Next().Line;
        return FiltersAndTests(new Negative(Postfix(Primary()), line));
    }

    private TemplateExpression Primary()
    {
        var token = Next();
        switch (token.Kind)
        {
            case TemplateTokenKind.Text: return new Constant(token.Text, token.Line);
            case TemplateTokenKind.Number: return new Constant(Number(token), token.Line);
            case TemplateTokenKind.Name: return Constants.TryGetValue(token.Text, out var value) ? new Constant(value, token.Line) : new Name(token.Text, token.Line);
        }

        if (token.Is("(")) return Closed(Expression(), ")");
        if (token.Is("[")) return new ListOf(Sequence("]", Expression), token.Line);
        if (token.Is("{")) return new MapOf(Sequence("}", Pair), token.Line);
        throw new TemplateException(token.Line, $"{token} stands where a value must be");
    }

    private static object Number(TemplateToken token)
    {
        if (token.Text.Contains('.', StringComparison.Ordinal)) return double.Parse(token.Text, CultureInfo.InvariantCulture);
        return long.TryParse(token.Text, CultureInfo.InvariantCulture, out var whole) ? whole : throw new TemplateException(token.Line, $"{token} is too large");
    }

    private (TemplateExpression, TemplateExpression) Pair()
    {
        var key = Expression();
        Expect(":");
        return (key, Expression());
    }

    private TemplateExpression Closed(TemplateExpression value, string by)
    {
        Expect(by);
        return value;
    }

    private List<T> Sequence<T>(string close, Func<T> item)
    {
        var items = new List<T>();
        while (!Take(close))
        {
            if (items.Count > 0) Expect(",");
            if (items.Count > 0 && Take(close)) break;
            items.Add(item());
        }

        return items;
    }

    private TemplateExpression Postfix(TemplateExpression value)
    {
        while (true)
        {
            var line = Current.Line;
            if (Take(".")) value = new Member(value, Current.Kind == TemplateTokenKind.Number ? new Constant(Number(Next()), line) : new Constant(ExpectName(), line), line);
            else if (Take("[")) value = Subscript(value, line);
            else if (Current.Is("(")) value = Called(value, line);
            else return value;
        }
    }

    private TemplateExpression Subscript(TemplateExpression value, int line)
    {
        var from = Current.Is(":") ? null : Expression();
        if (!Take(":")) return Closed(new Member(value, from!, line), "]");
        var to = Current.Is(":") || Current.Is("]") ? null : Expression();
        var step = Take(":") && !Current.Is("]") ? Expression() : null;
        return Closed(new Slice(value, from, to, step, line), "]");
    }

    private Call Called(TemplateExpression value, int line)
    {
        var (arguments, named) = Arguments();
        return new Call(value, arguments, named, line);
    }

    private (List<TemplateExpression> Arguments, List<(string, TemplateExpression)> Named) Arguments()
    {
        var (arguments, named) = (new List<TemplateExpression>(), new List<(string, TemplateExpression)>());
        Expect("(");
        Sequence(")", () =>
        {
            var isNamed = Current.Kind == TemplateTokenKind.Name && tokens[_next + 1].Is("=");
            var name = isNamed ? Next() : Current;
            if (isNamed) Next();
            if (isNamed && named.Exists(pair => pair.Item1 == name.Text)) throw new TemplateException(name.Line, $"{name} is given twice");
            if (isNamed) named.Add((name.Text, Expression()));
            else arguments.Add(Expression());
            return isNamed;
        });
        return (arguments, named);
    }

    private TemplateExpression FiltersAndTests(TemplateExpression value)
    {
        while (true)
        {
            if (Take("|")) value = Filtered(value);
            else if (Take("is")) value = Tested(value);
            else return value;
        }
    }

    private Filter Filtered(TemplateExpression value)
    {
        var line = Current.Line;
        var name = ExpectName();
        if (!TemplateFilters.Knows(name)) throw new TemplateException(line, $"the filter '{name}' is not supported; supported: {TemplateFilters.Supported}");
        var (arguments, named) = Current.Is("(") ? Arguments() : ([], []);
        return new Filter(value, name, arguments, named, line);
    }

    private TemplateExpression Tested(TemplateExpression value)
    {
        var line = Current.Line;
        var not = Take("not");
        var name = ExpectName();
        if (!TemplateTests.All.ContainsKey(name)) throw new TemplateException(line, $"the test '{name}' is not supported; supported: {TemplateTests.Supported}");
        var test = new Test(value, name, line);
        return not ? new Not(test, line) : test;
    }
}
