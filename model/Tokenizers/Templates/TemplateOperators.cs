namespace KnapsackCloud.Model.Tokenizers.Templates;

/// <summary>Operators on two values, as in Python.</summary>
internal static class TemplateOperators
{
    public static object? Apply(string operation, object? a, object? b, int line) => operation switch
    {
        "==" => TemplateValues.AreEqual(a, b),
        "!=" => !TemplateValues.AreEqual(a, b),
        "in" => Contains(b, a, line),
        "not in" => !Contains(b, a, line),
        "~" => RenderBudget.Checked(TemplateValues.Text(a, line) + TemplateValues.Text(b, line), line),
        "<" or "<=" or ">" or ">=" => Compare(operation, a, b, line),
        "+" when a is string x && b is string y => RenderBudget.Checked(x + y, line),
        "+" when a is IReadOnlyList<object?> x && b is IReadOnlyList<object?> y => Joined(x, y, line),
        _ => Calculate(operation, a, b, line),
    };

    private static bool Contains(object? whole, object? part, int line) => whole switch
    {
        string text => text.Contains(TemplateValues.String(part, line), StringComparison.Ordinal),
        IReadOnlyDictionary<string, object?> map => part is string key && map.ContainsKey(key),
        IReadOnlyList<object?> list => list.Any(item => TemplateValues.AreEqual(item, part)),
        Undefined => false,
        _ => throw new TemplateException(line, $"{TemplateValues.Kind(whole)} contains nothing"),
    };

    private static bool Compare(string operation, object? a, object? b, int line)
    {
        var order = (a, b) switch
        {
            (string x, string y) => string.CompareOrdinal(x, y),
            _ when TemplateValues.Number(a) is { } x && TemplateValues.Number(b) is { } y => x.CompareTo(y),
            _ => throw Impossible(operation, a, b, line),
        };
        return operation switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };
    }

    private static List<object?> Joined(IReadOnlyList<object?> a, IReadOnlyList<object?> b, int line) =>
        a.Count + (long)b.Count <= RenderBudget.MostCharacters ? [.. a, .. b] : throw new TemplateException(line, "the template makes too long a list");

    private static object Calculate(string operation, object? a, object? b, int line)
    {
        if (TemplateValues.Number(a) is not { } x || TemplateValues.Number(b) is not { } y) throw Impossible(operation, a, b, line);
        if (operation is "/" or "//" or "%" && y == 0) throw new TemplateException(line, "division by 0");
        if (operation == "/") return x / y;
        if (a is double || b is double) return operation switch { "+" => x + y, "-" => x - y, "*" => x * y, "//" => Math.Floor(x / y), _ => x - Math.Floor(x / y) * y };
        var (i, k) = (TemplateValues.Whole(a, line), TemplateValues.Whole(b, line));
        try
        {
            return checked(operation switch { "+" => i + k, "-" => i - k, "*" => i * k, "//" => (long)Math.Floor(x / y), _ => ((i % k) + k) % k });
        }
        catch (OverflowException)
        {
            throw new TemplateException(line, "a number is too large");
        }
    }

    private static TemplateException Impossible(string operation, object? a, object? b, int line) =>
        new(line, $"'{operation}' is not possible with {TemplateValues.Kind(a)} and {TemplateValues.Kind(b)}");
}
