namespace KnapsackCloud.Model.Tokenizers.Templates;

/// <summary>Filters: <c>value | name(arguments)</c>.</summary>
internal static class TemplateFilters
{
    private delegate object? Change(object? value, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named, int line);

    private static readonly Dictionary<string, Change> All = new(StringComparer.Ordinal)
    {
        ["trim"] = (value, arguments, _, line) => TemplateValues.Text(value, line).Trim(arguments is [string set] ? set.ToCharArray() : null),
        ["length"] = (value, _, _, line) => Length(value, line),
        ["count"] = (value, _, _, line) => Length(value, line),
        ["tojson"] = ToJson,
        ["items"] = (value, _, _, line) => value is IReadOnlyDictionary<string, object?> map ? Pairs(map) : value is Undefined ? new List<object?>() : throw Impossible("items", value, line),
        ["first"] = (value, _, _, line) => TemplateValues.Items(value, line) is [var first, ..] ? first : Undefined.Value,
        ["last"] = (value, _, _, line) => TemplateValues.Items(value, line) is [.., var last] ? last : Undefined.Value,
        ["list"] = (value, _, _, line) => TemplateValues.Items(value, line),
        ["upper"] = (value, _, _, line) => TemplateValues.Text(value, line).ToUpperInvariant(),
        ["lower"] = (value, _, _, line) => TemplateValues.Text(value, line).ToLowerInvariant(),
        ["string"] = (value, _, _, line) => TemplateValues.Text(value, line),
        ["safe"] = (value, _, _, _) => value,
        ["join"] = (value, arguments, _, line) => RenderBudget.Checked(
            string.Join(arguments is [string between] ? between : "", TemplateValues.Items(value, line).Select(item => TemplateValues.Text(item, line))), line),
        ["replace"] = (value, arguments, _, line) => arguments is [string { Length: > 0 } from, string to]
            ? Replace(TemplateValues.Text(value, line), from, to, line)
            : throw new TemplateException(line, "replace takes what to replace, not empty, and by what"),
        ["default"] = Default,
        ["d"] = Default,
    };

    public static string Supported { get; } = string.Join(", ", All.Keys.Order(StringComparer.Ordinal));

    public static bool Knows(string name) => All.ContainsKey(name);

    public static object? Apply(string name, object? value, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named, int line) =>
        All[name](value, arguments, named, line);

    /// <summary>Keys and values of a map, as lists of two.</summary>
    public static List<object?> Pairs(IReadOnlyDictionary<string, object?> map) => [.. map.Select(pair => new List<object?> { pair.Key, pair.Value })];

    /// <exception cref="TemplateException">The text would be too long.</exception>
    public static string Replace(string text, string from, string to, int line)
    {
        var growth = (long)(to.Length - from.Length) * (text.Length / from.Length);
        if (text.Length + growth > RenderBudget.MostCharacters) throw new TemplateException(line, "replace makes too long a text");
        return text.Replace(from, to, StringComparison.Ordinal);
    }

    private static long Length(object? value, int line) => value switch
    {
        IReadOnlyDictionary<string, object?> map => (long)map.Count,
        string or Undefined or IReadOnlyList<object?> => (long)TemplateValues.Items(value, line).Count,
        _ => throw Impossible("length", value, line),
    };

    private static string ToJson(object? value, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named, int line)
    {
        foreach (var name in named.Keys)
        {
            if (name is not ("indent" or "ensure_ascii")) throw new TemplateException(line, $"tojson takes no '{name}' here");
        }

        var indent = arguments is [var first] ? first : named.GetValueOrDefault("indent");
        return TemplateValues.Json(value, indent is null ? null : (int)Math.Clamp(TemplateValues.Whole(indent, line), 0, 16), line);
    }

    private static object? Default(object? value, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named, int line)
    {
        var missing = arguments.Count > 0 ? arguments[0] : "";
        var falseToo = TemplateValues.IsTrue(arguments.Count > 1 ? arguments[1] : named.GetValueOrDefault("boolean"));
        return value is Undefined || (falseToo && !TemplateValues.IsTrue(value)) ? missing : value;
    }

    private static TemplateException Impossible(string filter, object? value, int line) => new(line, $"{filter} is not possible with {TemplateValues.Kind(value)}");
}

/// <summary>Tests: <c>value is name</c>.</summary>
internal static class TemplateTests
{
    public static IReadOnlyDictionary<string, Func<object?, bool>> All { get; } = new Dictionary<string, Func<object?, bool>>(StringComparer.Ordinal)
    {
        ["defined"] = value => value is not Undefined,
        ["undefined"] = value => value is Undefined,
        ["none"] = value => value is null,
        ["true"] = value => value is true,
        ["false"] = value => value is false,
        ["boolean"] = value => value is bool,
        ["string"] = value => value is string,
        ["number"] = value => value is long or double or bool,
        ["integer"] = value => value is long,
        ["mapping"] = value => value is IReadOnlyDictionary<string, object?>,
        ["sequence"] = value => value is string or IReadOnlyList<object?> or IReadOnlyDictionary<string, object?>,
        ["iterable"] = value => value is string or Undefined or IReadOnlyList<object?> or IReadOnlyDictionary<string, object?>,
    };

    public static string Supported { get; } = string.Join(", ", All.Keys.Order(StringComparer.Ordinal));
}
