using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace KnapsackCloud.Model.Tokenizers.Templates;

/// <summary>
/// Values as Python has them: null (None), <see cref="Undefined"/>, bool, long, double, string, <c>IReadOnlyList&lt;object?&gt;</c>,
/// <c>IReadOnlyDictionary&lt;string, object?&gt;</c> in the order of insertion.
/// </summary>
internal static class TemplateValues
{
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool truth => truth,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        IReadOnlyDictionary<string, object?> map => map.Count > 0,
        IReadOnlyList<object?> list => list.Count > 0,
        _ => true,
    };

    public static bool AreEqual(object? a, object? b) => (a, b) switch
    {
        (null, null) or (Undefined, Undefined) => true,
        (string x, string y) => x == y,
        (IReadOnlyDictionary<string, object?> x, IReadOnlyDictionary<string, object?> y) =>
            x.Count == y.Count && x.All(pair => y.TryGetValue(pair.Key, out var other) && AreEqual(pair.Value, other)),
        (IReadOnlyList<object?> x, IReadOnlyList<object?> y) => x.Count == y.Count && x.Zip(y).All(pair => AreEqual(pair.First, pair.Second)),
        _ => Number(a) is { } x && Number(b) is { } y ? x == y : ReferenceEquals(a, b),
    };

    /// <summary>Truth values are numbers too.</summary>
    public static double? Number(object? value) => value switch
    {
        bool truth => truth ? 1 : 0,
        long number => number,
        double number => number,
        _ => null,
    };

    public static string Text(object? value, int line) => value switch
    {
        Undefined => "",
        null => "None",
        true => "True",
        false => "False",
        string text => text,
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => Written(number),
        _ => throw new TemplateException(line, $"{Kind(value)} cannot be written as text; templates use tojson for it"),
    };

    public static long Whole(object? value, int line) => value switch
    {
        long number => number,
        bool truth => truth ? 1 : 0,
        _ => throw new TemplateException(line, $"{Kind(value)} stands where a whole number must be"),
    };

    public static string String(object? value, int line) =>
        value as string ?? throw new TemplateException(line, $"{Kind(value)} stands where a text must be");

    /// <summary>What a loop goes over: items, keys of a map, characters of a text.</summary>
    public static IReadOnlyList<object?> Items(object? value, int line) => value switch
    {
        Undefined => [],
        IReadOnlyDictionary<string, object?> map => [.. map.Keys],
        IReadOnlyList<object?> list => list,
        string text => [.. text.EnumerateRunes().Select(rune => rune.ToString())],
        _ => throw new TemplateException(line, $"{Kind(value)} cannot be gone over"),
    };

    public static string Kind(object? value) => value switch
    {
        null => "none",
        Undefined => "an undefined value",
        bool => "a truth value",
        long or double => "a number",
        string => "a text",
        IReadOnlyDictionary<string, object?> => "a map",
        IReadOnlyList<object?> => "a list",
        _ => "such a value",
    };

    /// <summary>JSON with the spaces that Python's json.dumps writes.</summary>
    /// <param name="indent">Spaces a level; null is one line.</param>
    public static string Json(object? value, int? indent, int line)
    {
        var text = new StringBuilder();
        WriteJson(text, value, indent, 1, line);
        return RenderBudget.Checked(text.ToString(), line);
    }

    private static void WriteJson(StringBuilder text, object? value, int? indent, int level, int line)
    {
        switch (value)
        {
            case null: text.Append("null"); break;
            case bool truth: text.Append(truth ? "true" : "false"); break;
            case string s: text.Append('"').Append(JsonEncodedText.Encode(s, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString()).Append('"'); break;
            case long or double: text.Append(Text(value, line)); break;
            case IReadOnlyDictionary<string, object?> map:
                WriteAll(text, '{', '}', map, indent, level, pair =>
                {
                    WriteJson(text, pair.Key, indent, level, line);
                    text.Append(": ");
                    WriteJson(text, pair.Value, indent, level + 1, line);
                });
                break;
            case IReadOnlyList<object?> list:
                WriteAll(text, '[', ']', list, indent, level, item => WriteJson(text, item, indent, level + 1, line));
                break;
            default: throw new TemplateException(line, $"{Kind(value)} cannot be written as JSON");
        }
    }

    private static void WriteAll<T>(StringBuilder text, char open, char close, IReadOnlyCollection<T> items, int? indent, int level, Action<T> write)
    {
        text.Append(open);
        foreach (var (i, item) in items.Index())
        {
            if (i > 0) text.Append(indent is null ? ", " : ",");
            if (indent is { } spaces) text.Append('\n').Append(' ', spaces * level);
            write(item);
        }

        if (indent is { } outer && items.Count > 0) text.Append('\n').Append(' ', outer * (level - 1));
        text.Append(close);
    }

    /// <summary>As Python writes it: always with a point or exponent.</summary>
    private static string Written(double number)
    {
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        return text.All(c => char.IsAsciiDigit(c) || c == '-') ? $"{text}.0" : text;
    }
}
