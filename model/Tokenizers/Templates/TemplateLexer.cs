using System.Globalization;
using System.Text;

namespace KnapsackCloud.Model.Tokenizers.Templates;

/// <summary>
/// Cuts a Jinja template into text and tags, with white space as transformers sets it: a line that holds only a statement or
/// comment leaves nothing behind (trim_blocks, lstrip_blocks), and a minus in a tag takes all white space on its side.
/// </summary>
internal sealed class TemplateLexer
{
    private static readonly string[] LongOperators = ["==", "!=", "<=", ">=", "//"];
    private const string ShortOperators = "+-*/%~<>=()[]{}.,:|";

    /// <summary>Expressions of published templates have some 50; a longer chain of operators would nest too deeply.</summary>
    private const int MostWords = 1000;

    private readonly string _source;
    private readonly List<TemplatePiece> _pieces = [];
    private int _at;
    private int _line = 1;

    private TemplateLexer(string source) => _source = source;

    /// <exception cref="TemplateException">A tag or string without an end, or a character that no expression has.</exception>
    public static IReadOnlyList<TemplatePiece> Read(string source)
    {
        source = source.ReplaceLineEndings("\n");
        var lexer = new TemplateLexer(source.EndsWith('\n') ? source[..^1] : source);
        lexer.ReadAll();
        return lexer._pieces;
    }

    private void ReadAll()
    {
        var (closedByMinus, closedBlock) = (false, false);
        while (_at < _source.Length)
        {
            var open = NextOpening();
            var start = _at;
            var text = _source[start..open];
            if (closedByMinus) text = text.TrimStart();
            else if (closedBlock && text.StartsWith('\n')) text = text[1..];
            if (open < _source.Length) text = WithoutIndent(text, start, open);
            if (text.Length > 0) _pieces.Add(new TemplatePiece(null, text, [], _line));
            Advance(open);
            if (open < _source.Length) (closedByMinus, closedBlock) = ReadTag();
        }
    }

    private int NextOpening()
    {
        for (var at = _at; at + 1 < _source.Length; at++)
        {
            if (_source[at] == '{' && _source[at + 1] is '{' or '%' or '#') return at;
        }

        return _source.Length;
    }

    /// <summary>What a tag's opening takes from the text before it.</summary>
    private string WithoutIndent(string text, int start, int open)
    {
        var sign = open + 2 < _source.Length ? _source[open + 2] : ' ';
        if (sign == '-') return text.TrimEnd();
        if (_source[open + 1] == '{' || sign == '+') return text;
        var indent = text.TrimEnd(' ', '\t');
        var kept = open - (text.Length - indent.Length);
        return kept == 0 || _source[kept - 1] == '\n' || (kept == start && start == 0) ? indent : text;
    }

    private (bool ClosedByMinus, bool ClosedBlock) ReadTag()
    {
        var line = _line;
        var kind = _source[_at + 1];
        Advance(_at + 2);
        if (_at < _source.Length && _source[_at] is '-' or '+') Advance(_at + 1);
        if (kind == '#') return (SkipComment(line), true);
        var closing = kind == '{' ? "}}" : "%}";
        var tokens = new List<TemplateToken>();
        var depth = 0;
        while (true)
        {
            while (_at < _source.Length && char.IsWhiteSpace(_source[_at])) Advance(_at + 1);
            if (_at >= _source.Length) throw new TemplateException(line, $"the tag has no '{closing}'");
            var minus = _source[_at] is '-' or '+' ? 1 : 0;
            if (depth == 0 && string.CompareOrdinal(_source, _at + minus, closing, 0, 2) == 0)
            {
                var byMinus = _source[_at] == '-';
                var byPlus = _source[_at] == '+';
                Advance(_at + minus + 2);
                tokens.Add(new TemplateToken(TemplateTokenKind.End, "", _line));
                _pieces.Add(new TemplatePiece(kind == '{' ? TemplateTag.Output : TemplateTag.Statement, "", tokens, line));
                return (byMinus, kind == '%' && !byPlus);
            }

            var token = ReadToken();
            if (token.Is("{") || token.Is("[") || token.Is("(")) depth++;
            if (token.Is("}") || token.Is("]") || token.Is(")")) depth--;
            tokens.Add(token);
            if (tokens.Count > MostWords) throw new TemplateException(line, $"the tag has more than {MostWords} words");
        }
    }

    private bool SkipComment(int line)
    {
        var end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0) throw new TemplateException(line, "the comment has no '#}'");
        var byMinus = _source[end - 1] == '-' && end > _at;
        Advance(end + 2);
        return byMinus;
    }

    private TemplateToken ReadToken()
    {
        var c = _source[_at];
        if (c is '\'' or '"') return ReadText(c);
        if (char.IsAsciiDigit(c)) return Take(TemplateTokenKind.Number, NumberLength());
        if (char.IsLetter(c) || c == '_') return Take(TemplateTokenKind.Name, Length(x => char.IsLetterOrDigit(x) || x == '_'));
        foreach (var operation in LongOperators)
        {
            if (string.CompareOrdinal(_source, _at, operation, 0, 2) == 0) return Take(TemplateTokenKind.Operator, 2);
        }

        if (ShortOperators.Contains(c, StringComparison.Ordinal)) return Take(TemplateTokenKind.Operator, 1);
        throw new TemplateException(_line, $"'{c}' has no meaning here");
    }

    private int NumberLength()
    {
        var whole = Length(char.IsAsciiDigit);
        var point = _at + whole;
        if (point + 1 >= _source.Length || _source[point] != '.' || !char.IsAsciiDigit(_source[point + 1])) return whole;
        var length = whole + 1;
        while (_at + length < _source.Length && char.IsAsciiDigit(_source[_at + length])) length++;
        return length;
    }

    private int Length(Func<char, bool> belongs)
    {
        var length = 0;
        while (_at + length < _source.Length && belongs(_source[_at + length])) length++;
        return length;
    }

    private TemplateToken Take(TemplateTokenKind kind, int length)
    {
        var token = new TemplateToken(kind, _source.Substring(_at, length), _line);
        Advance(_at + length);
        return token;
    }

    private TemplateToken ReadText(char quote)
    {
        var line = _line;
        var text = new StringBuilder();
        for (var at = _at + 1; at < _source.Length; at++)
        {
            if (_source[at] == quote)
            {
                Advance(at + 1);
                return new TemplateToken(TemplateTokenKind.Text, text.ToString(), line);
            }

            if (_source[at] == '\\' && at + 1 < _source.Length) at = ReadEscape(at, text);
            else text.Append(_source[at]);
        }

        throw new TemplateException(line, "the string has no end");
    }

    /// <summary>Returns the place of the escape's last character. What is no escape stays as it is, as in Python.</summary>
    private int ReadEscape(int at, StringBuilder text)
    {
        var escaped = _source[at + 1];
        if (escaped == 'u' && at + 5 < _source.Length
            && ushort.TryParse(_source.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit))
        {
            text.Append((char)unit);
            return at + 5;
        }

        var place = "nrt\\'\"".IndexOf(escaped, StringComparison.Ordinal);
        if (place >= 0) text.Append("\n\r\t\\'\""[place]);
        else text.Append('\\').Append(escaped);
        return at + 1;
    }

    private void Advance(int to)
    {
        _line += _source.AsSpan(_at, to - _at).Count('\n');
        _at = to;
    }
}
