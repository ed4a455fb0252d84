namespace KnapsackCloud.Model.Tokenizers.Templates;

/// <summary>
/// Reads the statements of a template: text, output, set, if, for. Whatever else Jinja has (macros, includes, blocks, filters
/// over blocks) is refused with its line.
/// </summary>
internal sealed class TemplateParser
{
    /// <summary>Published templates nest to five or six levels.</summary>
    public const int MostNested = 64;

    private readonly IReadOnlyList<TemplatePiece> _pieces;
    private int _next;
    private int _depth;

    private TemplateParser(IReadOnlyList<TemplatePiece> pieces) => _pieces = pieces;

    /// <exception cref="TemplateException">Not Jinja, or beyond what this program does.</exception>
    public static IReadOnlyList<TemplateStatement> Parse(string source)
    {
        var parser = new TemplateParser(TemplateLexer.Read(source));
        var statements = parser.Body([]);
        return parser._next == parser._pieces.Count ? statements : throw Unexpected(parser._pieces[parser._next]);
    }

    /// <summary>Statements up to one that begins with one of the words, which stays to be read; or to the end.</summary>
    private List<TemplateStatement> Body(string[] until)
    {
        var statements = new List<TemplateStatement>();
        while (_next < _pieces.Count)
        {
            var piece = _pieces[_next];
            if (piece.Tag is null)
            {
                statements.Add(new Literal(piece.Text, piece.Line));
            }
            else if (piece.Tag == TemplateTag.Output)
            {
                statements.Add(Written(new ExpressionParser(piece.Tokens)));
            }
            else if (until.Contains(piece.Tokens[0].Text) || piece.Tokens[0].Text.StartsWith("end", StringComparison.Ordinal) || piece.Tokens[0].Text is "elif" or "else")
            {
                return statements;
            }
            else
            {
                _next++;
                statements.Add(Statement(piece));
                continue;
            }

            _next++;
        }

        return statements;
    }

    private static Output Written(ExpressionParser words)
    {
        var value = words.Expression();
        words.ExpectEnd();
        return new Output(value, value.Line);
    }

    private TemplateStatement Statement(TemplatePiece piece)
    {
        var words = new ExpressionParser(piece.Tokens);
        var word = words.Next();
        if (++_depth > MostNested) throw new TemplateException(piece.Line, $"statements are nested more than {MostNested} deep");
        TemplateStatement statement = word.Text switch
        {
            "set" => Set(words, piece.Line),
            "if" => If(words, piece.Line),
            "for" => For(words, piece.Line),
            _ => throw new TemplateException(piece.Line, $"the statement {word} is not supported; supported: set, if, for"),
        };
        _depth--;
        return statement;
    }

    private static Assignment Set(ExpressionParser words, int line)
    {
        var target = words.ExpectName();
        var member = words.Take(".") ? words.ExpectName() : null;
        words.Expect("=");
        var value = words.Expression();
        words.ExpectEnd();
        return new Assignment(target, member, value, line);
    }

    private Branches If(ExpressionParser words, int line)
    {
        var branches = new List<(TemplateExpression?, IReadOnlyList<TemplateStatement>)>();
        TemplateExpression? condition = words.Expression();
        words.ExpectEnd();
        while (true)
        {
            branches.Add((condition, Body(["elif", "else", "endif"])));
            var (word, rest) = Closing(line, "endif");
            if (word == "endif") return new Branches(branches, line);
            if (condition is null) throw new TemplateException(line, $"'{word}' comes after 'else'");
            condition = word == "elif" ? rest.Expression() : word == "else" ? null : throw new TemplateException(line, $"'{word}' stands where 'endif' must be");
            rest.ExpectEnd();
        }
    }

    private Loop For(ExpressionParser words, int line)
    {
        var targets = new List<string> { words.ExpectName() };
        while (words.Take(",")) targets.Add(words.ExpectName());
        words.Expect("in");
        // The items end before a condition: a conditional expression there would need parentheses.
        var items = words.Or();
        var condition = words.Take("if") ? words.Expression() : null;
        words.ExpectEnd();
        var body = Body(["else", "endfor"]);
        var (word, rest) = Closing(line, "endfor");
        rest.ExpectEnd();
        List<TemplateStatement> otherwise = [];
        if (word == "else")
        {
            otherwise = Body(["endfor"]);
            (word, rest) = Closing(line, "endfor");
            rest.ExpectEnd();
        }

        return word == "endfor" ? new Loop(targets, items, condition, body, otherwise, line) : throw new TemplateException(line, $"'{word}' stands where 'endfor' must be");
    }

    /// <summary>The statement that ends a body.</summary>
    private (string Word, ExpressionParser Words) Closing(int opened, string expected)
    {
        if (_next == _pieces.Count) throw new TemplateException(opened, $"there is no '{expected}' for this statement");
        var rest = new ExpressionParser(_pieces[_next++].Tokens);
        return (rest.Next().Text, rest);
    }

    private static TemplateException Unexpected(TemplatePiece piece) => new(piece.Line, $"{piece.Tokens[0]} closes nothing");
}
