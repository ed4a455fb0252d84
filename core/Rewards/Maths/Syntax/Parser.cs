using KnapsackCloud.Core.Rewards.Maths.Expressions;

namespace KnapsackCloud.Core.Rewards.Maths.Syntax;

/// <summary>
/// Recursive descent over one answer: lists of relations between sets, sums, products and powers. Every method returns
/// null when the tokens make no sense; nothing is ever read again, so the time is linear in the length.
/// </summary>
internal sealed partial class Parser
{
    /// <summary>Deepest nesting of brackets, fractions and roots.</summary>
    public const int MaxDepth = 40;

    private readonly List<Token> _tokens;
    private int _at;
    private int _depth;
    private int _absolute;

    private Parser(List<Token> tokens) => _tokens = tokens;

    /// <summary>The whole text as mathematics, or null when it is prose, malformed, too long or too deep.</summary>
    public static Expression? Parse(string text, CommaReading commas = CommaReading.Grouping)
    {
        if (Lexer.Read(text, commas) is not { } tokens)
            return null;
        var parser = new Parser(tokens);
        while (parser.Current.Kind == TokenKind.Mark && parser.Current.Text is "=" or "≈" or ":" or "→")
            parser._at++;
        return parser.Items() is { } items && parser.Current.Kind == TokenKind.End ? One(items) : null;
    }

    private Token Current => _tokens[_at];
    private Token Ahead => _tokens[Math.Min(_at + 1, _tokens.Count - 1)];

    private bool Take(string mark)
    {
        if (!Current.Is(mark))
            return false;
        _at++;
        return true;
    }

    private bool TakeCommand(string name)
    {
        if (Current.Kind != TokenKind.Command || Current.Text != name)
            return false;
        _at++;
        return true;
    }

    private static Expression One(List<Expression> items) => items.Count == 1 ? items[0] : new ListOf(items);

    // At least one item; doubled separators such as ", and" are one.
    private List<Expression>? Items()
    {
        var items = new List<Expression>();
        do
        {
            while (Take(",") || Take(";"))
            {
            }
            if (items.Count > 0 && (Current.Kind == TokenKind.End || Current.Text is "}" or ")" or "]" or "\\}"))
                break;
            if (Relation() is not { } item)
                return null;
            items.Add(item);
        }
        while (Current.Is(",") || Current.Is(";"));
        return items;
    }

    private Expression? Relation()
    {
        if (Ratio() is not { } first)
            return null;
        if (KindOf(Current) is null)
            return first;
        var sides = new List<Expression> { first };
        var kinds = new List<RelationKind>();
        while (KindOf(Current) is { } kind)
        {
            _at++;
            // "= \approx 3" and "x = = 3" say the second.
            if (KindOf(Current) is { } second)
            {
                kind = second;
                _at++;
            }
            if (Ratio() is not { } side)
                return null;
            kinds.Add(kind);
            sides.Add(side);
            if (kind == RelationKind.Congruent && TakeModulus() is { } modulus)
            {
                kinds.Add(kind);
                sides.Add(modulus);
            }
        }
        return new Relation(sides, kinds);
    }

    private static RelationKind? KindOf(Token token) => token.Kind != TokenKind.Mark ? null : token.Text switch
    {
        "=" => RelationKind.Equal,
        "!=" => RelationKind.NotEqual,
        "<" => RelationKind.Less,
        "<=" => RelationKind.LessOrEqual,
        ">" => RelationKind.Greater,
        ">=" => RelationKind.GreaterOrEqual,
        "≈" => RelationKind.Approximately,
        "∈" => RelationKind.In,
        "≡" => RelationKind.Congruent,
        _ => null,
    };

    private Expression? TakeModulus()
    {
        var bracket = Current.Is("(") && Ahead is { Kind: TokenKind.Command, Text: "mod" };
        if (bracket)
            _at++;
        if (!TakeCommand("pmod") && !TakeCommand("mod"))
            return null;
        var modulus = Argument();
        return bracket && !Take(")") ? null : modulus;
    }

    private Expression? Ratio()
    {
        if (SetExpression() is not { } first)
            return null;
        if (!Current.Is(":"))
            return first;
        var parts = new List<Expression> { first };
        while (Take(":"))
        {
            if (SetExpression() is not { } part)
                return null;
            parts.Add(part);
        }
        return new Ratio(parts);
    }

    private Expression? SetExpression()
    {
        var left = Additive();
        while (left is not null)
        {
            var @operator = Current.Is("∪") ? SetOperator.Union : Current.Is("∩") ? SetOperator.Intersection : SetOperator.Difference;
            if (@operator == SetOperator.Difference && !Current.Is("∖"))
                break;
            _at++;
            left = Additive() is { } right ? new SetOperation(@operator, left, right) : null;
        }
        return left;
    }

    private Expression? Additive()
    {
        var left = Signed();
        while (left is not null && Current.Kind == TokenKind.Mark)
        {
            switch (Current.Text)
            {
                case "+" or "-":
                    if (Signed() is not { } term)
                        return null;
                    left = new Sum(left is Sum sum ? [.. sum.Terms, term] : [left, term]);
                    break;
                case "±" or "∓":
                    var minusFirst = Current.Text == "∓";
                    _at++;
                    left = Term() is { } deviation ? new PlusMinus(left, deviation, minusFirst) : null;
                    break;
                default:
                    return left;
            }
        }
        return left;
    }

    private Expression? Signed()
    {
        var negative = false;
        while (Current.Is("+") || Current.Is("-"))
        {
            negative ^= Current.Is("-");
            _at++;
        }
        if (Current.Is("±") || Current.Is("∓"))
        {
            var minusFirst = Current.Is("∓") ^ negative;
            _at++;
            return Term() is { } deviation ? new PlusMinus(new Number(0), deviation, minusFirst) : null;
        }
        var term = Term();
        return negative && term is not null ? Negate(term) : term;
    }

    private static Expression Negate(Expression term) => term switch
    {
        Number number => number with { Value = number.Value.Negated() },
        Quantity quantity => quantity with { Value = Negate(quantity.Value) },
        Percent percent => new Percent(Negate(percent.Value)),
        Degrees degrees => new Degrees(Negate(degrees.Value)),
        _ => new Product([Number.MinusOne, term]),
    };
}
