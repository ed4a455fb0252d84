using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Syntax;

/// <summary>How commas between digits are read; one text may be read in several ways.</summary>
internal enum CommaReading
{
    /// <summary><c>1,234</c> is one number outside brackets, any other comma separates.</summary>
    Grouping,
    /// <summary>Every comma separates.</summary>
    Separator,
    /// <summary><c>2,74</c> is 2.74.</summary>
    Decimal,
}

/// <summary>Cuts LaTeX or plain mathematics into tokens, from left to right, in one pass.</summary>
internal sealed partial class Lexer
{
    /// <summary>Longest answer that is read, in characters.</summary>
    public const int MaxLength = 2_000;

    private readonly string _text;
    private readonly CommaReading _commas;
    private readonly bool _hasRows;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _brackets;
    private bool _space;

    private Lexer(string text, CommaReading commas)
    {
        _text = text;
        _commas = commas;
        _hasRows = text.Contains("\\begin", StringComparison.Ordinal);
    }

    /// <summary>The tokens, with an <see cref="TokenKind.End"/> after the last; null when some character has no meaning.</summary>
    public static List<Token>? Read(string text, CommaReading commas = CommaReading.Grouping)
    {
        if (text.Length > MaxLength)
            return null;
        var lexer = new Lexer(string.Create(text.Length, text, static (folded, source) =>
        {
            for (var i = 0; i < folded.Length; i++)
                folded[i] = Unicode.ToAscii(source[i]);
        }), commas);
        while (lexer._at < lexer._text.Length)
        {
            if (!lexer.Next())
                return null;
        }
        lexer.Add(TokenKind.End, "");
        return lexer._tokens;
    }

    private char Current => _at < _text.Length ? _text[_at] : '\0';
    private char Ahead(int distance) => _at + distance < _text.Length ? _text[_at + distance] : '\0';

    private void Add(TokenKind kind, string text, Rational value = default, int decimals = 0)
    {
        _tokens.Add(new Token(kind, text, _space, value, decimals));
        _space = false;
    }

    private bool Mark(string mark, int length = 1)
    {
        _brackets += mark is "(" or "[" or "\\{" ? 1 : mark is ")" or "]" or "\\}" ? -1 : 0;
        _at += length;
        Add(TokenKind.Mark, mark);
        return true;
    }

    private bool Space(int length = 1)
    {
        _at += length;
        _space = true;
        return true;
    }

    private bool Next()
    {
        var character = Current;
        if (char.IsWhiteSpace(character) || character is '$' or '€' or '£' or '¥' or '₹' or '~' or '\u200b' or '\ufeff')
            return Space();
        if (char.IsAsciiDigit(character) || (character == '.' && char.IsAsciiDigit(Ahead(1))))
            return ReadNumber();
        if (char.IsAsciiLetter(character))
            return ReadLetters();
        if (character == '\\')
            return ReadCommand();
        return ReadMark(character);
    }

    private bool ReadMark(char character)
    {
        switch (character)
        {
            case '<' or '>' when Ahead(1) == '=':
                return Mark($"{character}=", 2);
            case '!' when Ahead(1) == '=':
                return Mark("!=", 2);
            case '=' when Ahead(1) == '=':
                return Mark("=", 2);
            case '*' when Ahead(1) == '*' && IsOperandStart(Ahead(2)):
                return Mark("^", 2);
            case '*' when Ahead(1) == '*':
                return Space(2);
            case '.' when Ahead(1) == '.':
                return Mark("…", 2);
            case '.' when EndsHere(1):
                return Space();
            case '+' or '-' or '*' or '/' or '^' or '_' or '(' or ')' or '[' or ']' or '{' or '}' or '|' or ',' or ';' or ':' or '=' or '<' or '>' or '!' or '%' or '&' or '\'':
                return Mark(character.ToString());
            default:
                return ReadUnicode(character);
        }
    }

    private bool ReadUnicode(char character)
    {
        if (Unicode.Latex(character) is { } mark)
            return Mark(mark);
        if (Unicode.Superscript(character) is { } raised)
            return ReadScript("^", raised, Unicode.Superscript);
        if (Unicode.Subscript(character) is { } lowered)
            return ReadScript("_", lowered, Unicode.Subscript);
        if (Unicode.VulgarFraction(character) is { } fraction)
            return ReadVulgarFraction(fraction.Numerator, fraction.Denominator);
        _at++;
        var symbol = character switch
        {
            '∞' => "∞",
            '∅' => "∅",
            'ℝ' => "ℝ",
            'ℤ' => "ℤ",
            'ℕ' => "ℕ",
            _ => Vocabulary.Greek(character),
        };
        if (character == '√')
            Add(TokenKind.Command, "sqrt");
        else if (symbol is not null)
            Add(TokenKind.Symbol, symbol);
        else
            return false;
        return true;
    }

    private bool ReadScript(string mark, char first, Func<char, char?> script)
    {
        Add(TokenKind.Mark, mark);
        Add(TokenKind.Mark, "{");
        for (char? character = first; character is { } c; character = script(Current))
        {
            if (char.IsAsciiDigit(c))
                Add(TokenKind.Number, c.ToString(), c - '0');
            else
                Add(c == '-' ? TokenKind.Mark : TokenKind.Symbol, c.ToString());
            _at++;
        }
        MergeDigits();
        Add(TokenKind.Mark, "}");
        return true;
    }

    // x¹² gave the digits 1 and 2.
    private void MergeDigits()
    {
        while (_tokens.Count > 1 && _tokens[^1].Kind == TokenKind.Number && _tokens[^2].Kind == TokenKind.Number)
        {
            var digits = _tokens[^2].Text + _tokens[^1].Text;
            if (NumberText.FromDigits(digits, "") is not { } value)
                return;
            _tokens.RemoveRange(_tokens.Count - 2, 2);
            Add(TokenKind.Number, digits, value);
        }
    }

    private bool ReadVulgarFraction(int numerator, int denominator)
    {
        _at++;
        Add(TokenKind.Command, "frac");
        foreach (var part in (int[])[numerator, denominator])
        {
            Add(TokenKind.Mark, "{");
            Add(TokenKind.Number, part.ToString(System.Globalization.CultureInfo.InvariantCulture), part);
            Add(TokenKind.Mark, "}");
        }
        return true;
    }

    private bool EndsHere(int distance)
    {
        for (var at = _at + distance; at < _text.Length; at++)
        {
            if (!char.IsWhiteSpace(_text[at]) && _text[at] is not ('$' or '}' or '.' or '*'))
                return false;
        }
        return true;
    }

    private static bool IsOperandStart(char character) =>
        char.IsAsciiLetterOrDigit(character) || character is '(' or '{' or '-' or '\\' or '.';
}
