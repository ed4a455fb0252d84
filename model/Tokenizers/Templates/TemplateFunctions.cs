namespace KnapsackCloud.Model.Tokenizers.Templates;

/// <summary>Functions that templates may call by name.</summary>
internal static class TemplateFunctions
{
    private const int LongestRange = 100_000;

    public static IReadOnlyDictionary<string, TemplateFunction> All { get; } = new Dictionary<string, TemplateFunction>
    {
        ["namespace"] = Namespace,
        ["raise_exception"] = (arguments, _, line) => throw new TemplateException(line, $"the template refuses the messages: {(arguments is [string reason] ? reason : "without a reason")}"),
        ["range"] = Range,
        ["dict"] = (_, named, _) => new OrderedDictionary<string, object?>(named, StringComparer.Ordinal),
    };

    public static string Supported { get; } = string.Join(", ", All.Keys.Order(StringComparer.Ordinal));

    private static TemplateNamespace Namespace(IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named, int line)
    {
        if (arguments.Count > 0) throw new TemplateException(line, "namespace takes named members only");
        var space = new TemplateNamespace();
        foreach (var (name, value) in named) space.Members[name] = value;
        return space;
    }

    private static List<object?> Range(IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named, int line)
    {
        var bounds = arguments.Select(argument => TemplateValues.Whole(argument, line)).ToList();
        var (from, to) = bounds switch
        {
            [var end] => (0L, end),
            [var start, var end] => (start, end),
            _ => throw new TemplateException(line, "range takes one or two numbers"),
        };
        if ((Int128)to - from > LongestRange) throw new TemplateException(line, $"a range may have at most {LongestRange} numbers");
        return [.. Enumerable.Range(0, (int)Math.Max(0, to - from)).Select(i => (object?)(from + i))];
    }
}

/// <summary>Methods of texts and maps, as in Python.</summary>
internal static class TemplateMethods
{
    public static object? Call(object? of, string method, IReadOnlyList<object?> arguments, int line) => (of, method, arguments) switch
    {
        (string text, "strip", _) => text.Trim(CharactersOf(arguments, line)),
        (string text, "lstrip", _) => text.TrimStart(CharactersOf(arguments, line)),
        (string text, "rstrip", _) => text.TrimEnd(CharactersOf(arguments, line)),
        (string text, "startswith", [string start]) => text.StartsWith(start, StringComparison.Ordinal),
        (string text, "endswith", [string end]) => text.EndsWith(end, StringComparison.Ordinal),
        (string text, "split", [string { Length: > 0 } between]) => text.Split(between).ToList<object?>(),
        (string text, "split", []) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToList<object?>(),
        (string text, "replace", [string { Length: > 0 } from, string to]) => TemplateFilters.Replace(text, from, to, line),
        (string text, "upper", []) => text.ToUpperInvariant(),
        (string text, "lower", []) => text.ToLowerInvariant(),
        (IReadOnlyDictionary<string, object?> map, "items", []) => TemplateFilters.Pairs(map),
        (IReadOnlyDictionary<string, object?> map, "keys", []) => map.Keys.ToList<object?>(),
        (IReadOnlyDictionary<string, object?> map, "values", []) => map.Values.ToList(),
        (IReadOnlyDictionary<string, object?> map, "get", [string key]) => map.GetValueOrDefault(key),
        (IReadOnlyDictionary<string, object?> map, "get", [string key, var missing]) => map.TryGetValue(key, out var value) ? value : missing,
        _ => throw new TemplateException(line, $"{TemplateValues.Kind(of)} has no method '{method}' with {arguments.Count} arguments of this kind here"),
    };

    private static char[]? CharactersOf(IReadOnlyList<object?> arguments, int line) => arguments switch
    {
        [] or [null] => null,
        [string set] => set.ToCharArray(),
        _ => throw new TemplateException(line, "takes one text of characters"),
    };
}
