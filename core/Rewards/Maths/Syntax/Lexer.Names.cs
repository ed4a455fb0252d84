namespace KnapsackCloud.Core.Rewards.Maths.Syntax;

/// <summary>Commands and runs of plain letters.</summary>
internal sealed partial class Lexer
{
    private bool ReadLetters()
    {
        var start = _at;
        while (char.IsAsciiLetter(Current))
            _at++;
        var run = _text[start.._at];
        // "(-oo, 2) U (3, oo)"
        if (run == "U" && _tokens.Count > 0 && _tokens[^1].Text is ")" or "]" or "\\}" && _text.AsSpan(_at).TrimStart() is ['(' or '[' or '\\', ..])
            return Mark("∪", 0);
        if (run.Length == 1 || AddPlainName(run))
        {
            if (run.Length == 1)
                Add(TokenKind.Symbol, run);
            return true;
        }
        // "1orW": a connective glued between two answers.
        var glued = start > 0 && (char.IsAsciiDigit(_text[start - 1]) || _text[start - 1] == ')');
        foreach (var connective in (ReadOnlySpan<string>)["and", "or"])
        {
            if (glued && run.StartsWith(connective, StringComparison.Ordinal) && char.IsAsciiLetterUpper(run[connective.Length]))
            {
                _at = start + connective.Length;
                Add(TokenKind.Mark, ",");
                return true;
            }
        }
        // "sinx", "lnx": a function glued to its variable.
        if (run.Length <= 7 && Vocabulary.Functions.TryGetValue(run[..^1], out var function) && function is not ("max" or "min" or "abs"))
        {
            _at--;
            Add(TokenKind.Function, function);
            return true;
        }
        Add(TokenKind.Word, run);
        return true;
    }

    private bool AddPlainName(string run)
    {
        if (run is "and" or "or" or "AND" or "OR" or "And" or "Or")
            Add(TokenKind.Mark, ",");
        else if (run is "sqrt" or "binom" or "choose" or "mod")
            Add(TokenKind.Command, run);
        else if (run is "times")
            Add(TokenKind.Mark, "*");
        else if (run is "percent" or "percentage" or "pct" or "Percent")
            Add(TokenKind.Mark, "%");
        else if (run is "degree" or "degrees" or "Degrees" or "deg")
            Add(TokenKind.Mark, "deg");
        else if (run is "union")
            Add(TokenKind.Mark, "∪");
        else if (run is "in" && _tokens.Count > 0 && _tokens[^1].Kind == TokenKind.Symbol)
            Add(TokenKind.Mark, "∈");
        else if (Vocabulary.Functions.TryGetValue(run, out var function))
            Add(TokenKind.Function, function);
        else if (Vocabulary.PlainSymbols.TryGetValue(run, out var symbol))
            Add(TokenKind.Symbol, symbol);
        else
            return false;
        return true;
    }

    private bool ReadCommand()
    {
        var next = Ahead(1);
        if (next == '\\')
            return ReadDoubleBackslash();
        if (!char.IsAsciiLetter(next))
        {
            return next switch
            {
                ',' or ';' or ':' or '!' or ' ' or '(' or ')' or '[' or ']' or '$' or '\n' or '/' or '"' or '>' => Space(2),
                '\0' => Space(),
                '{' or '}' => Mark($"\\{next}", 2),
                '|' => Mark("|", 2),
                '%' => Mark("%", 2),
                '&' => Mark("&", 2),
                '_' => Space(2),
                _ => false,
            };
        }
        var end = _at + 1;
        while (end < _text.Length && char.IsAsciiLetter(_text[end]))
            end++;
        var name = _text[(_at + 1)..end];
        // "\quadx" and "\cdotx": the longest known beginning is the command.
        var known = Math.Min(name.Length, Vocabulary.LongestCommand);
        while (known > 0 && !Vocabulary.IsKnownCommand(name[..known]))
            known--;
        if (known < 2)
            return false;
        _at += 1 + known;
        return AddCommand(name[..known]);
    }

    private bool AddCommand(string name)
    {
        if (Vocabulary.Ignored.Contains(name))
        {
            // \left. is an empty bracket.
            return Space(name is "left" or "right" && Current == '.' ? 1 : 0);
        }
        if (Vocabulary.TextCommands.Contains(name))
            return ReadTextArgument(name);
        if (Vocabulary.Marks.TryGetValue(name, out var mark))
            return Mark(mark, 0);
        if (Vocabulary.Functions.TryGetValue(name, out var function))
            Add(TokenKind.Function, function);
        else if (Vocabulary.Commands.TryGetValue(name, out var command))
            Add(TokenKind.Command, command);
        else if (Vocabulary.Symbols.TryGetValue(name, out var symbol))
            Add(TokenKind.Symbol, symbol);
        else
            Add(TokenKind.Symbol, Vocabulary.Greek(name)!);
        return true;
    }

    // A row ends with \\ inside an environment. Elsewhere it is a line break, or a backslash escaped once too often.
    private bool ReadDoubleBackslash()
    {
        if (_hasRows)
            return Mark("\\\\", 2);
        if (!char.IsAsciiLetter(Ahead(2)) && Ahead(2) is not ('{' or '}' or '%'))
            return Space(2);
        _at++;
        return ReadCommand();
    }

    private bool ReadTextArgument(string name)
    {
        while (Current == ' ')
            _at++;
        if (Current != '{')
        {
            // \mathrm E, \rm cm: the letters that follow are read as they are.
            return Space(0);
        }
        var end = Braces.Close(_text, _at);
        if (end < 0)
            return false;
        var content = _text[(_at + 1)..end].Trim();
        _at = end + 1;
        AddText(name, content);
        return true;
    }

    private void AddText(string name, string content)
    {
        if (name == "operatorname" && Vocabulary.Functions.TryGetValue(content, out var function))
            Add(TokenKind.Function, function);
        else if (name == "mathbb" && content.Length == 1)
            Add(TokenKind.Symbol, content switch { "R" => "ℝ", "Z" => "ℤ", "N" => "ℕ", _ => content });
        else if (content is [var letter] && char.IsAsciiLetter(letter))
            Add(TokenKind.Symbol, content);
        else if (content.Trim(' ', ',') is "and" or "or" or "" && content.Length > 0)
            Add(TokenKind.Mark, ",");
        else if (content is "%" or "percent" or "\\%")
            Add(TokenKind.Mark, "%");
        else if (content is "degrees" or "degree")
            Add(TokenKind.Mark, "deg");
        else if (name != "text" && name != "mbox" && content.Length > 0 && content.All(c => char.IsAsciiDigit(c)))
            Splice(content);
        else
            Add(TokenKind.Text, content);
    }

    // \mathbf{12} is the number 12.
    private void Splice(string content)
    {
        if (Read(content, _commas) is { } tokens)
            _tokens.AddRange(tokens[..^1]);
    }
}
