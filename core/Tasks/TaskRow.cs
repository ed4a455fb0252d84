using System.Globalization;
using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Json;

namespace KnapsackCloud.Core.Tasks;

/// <summary>One row of a task file of whatever format.</summary>
/// <param name="Place">File and line or row, for messages.</param>
/// <param name="Number">From 1; the id of a task that has none.</param>
/// <param name="Value">An object of the row's columns; null when it could not be read.</param>
/// <param name="Errors">Why not.</param>
public sealed record TaskRow(string Place, int Number, LocatedJson? Value, IReadOnlyList<InputError> Errors)
{
    public TaskRow(string place, int number, LocatedJson value) : this(place, number, value, []) { }

    public TaskRow(string place, int number, string problem) : this(place, number, null, [new InputError(place, problem)]) { }

    internal IEnumerable<string> Columns => Value!.Members.Select(member => member.Name);

    /// <summary>The value of a column or of a path into one; null when absent or null.</summary>
    internal LocatedJson? Find(string column) => Find(Value!, column) is { Kind: not JsonValueKind.Null } found ? found : null;

    /// <summary>As <see cref="Find(string)"/>, where it is a text, a number, or true or false.</summary>
    internal string? Text(string column) => Find(column) is { Kind: not (JsonValueKind.Object or JsonValueKind.Array) } value ? value.Text : null;

    private static LocatedJson? Find(LocatedJson value, string path)
    {
        if (value.Kind == JsonValueKind.Object && value.Members.FirstOrDefault(member => member.Name == path) is { } whole) return whole.Value;
        var dot = path.IndexOf('.', StringComparison.Ordinal);
        var (head, rest) = dot < 0 ? (path, null) : (path[..dot], path[(dot + 1)..]);
        var inner = value.Kind switch
        {
            JsonValueKind.Object when dot >= 0 => value.Members.FirstOrDefault(member => member.Name == head)?.Value,
            JsonValueKind.Array when int.TryParse(head, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < value.Items.Count => value.Items[index],
            _ => null,
        };
        return inner is null || rest is null ? inner : Find(inner, rest);
    }
}

/// <summary>The rows of JSON task files. Lazy: a row is read when it is asked for.</summary>
public static class JsonRows
{
    /// <summary>One object a line; empty lines are skipped.</summary>
    public static IEnumerable<TaskRow> OfLines(string place, IEnumerable<string> lines)
    {
        var number = 0;
        foreach (var line in lines)
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line)) yield return OfLine(place, number, line);
        }
    }

    /// <summary>An array of objects.</summary>
    /// <exception cref="InvalidInputException">Not JSON, or no array.</exception>
    public static IEnumerable<TaskRow> OfDocument(string place, string text)
    {
        var document = LocatedJson.Parse(place, text);
        if (document.Kind != JsonValueKind.Array) throw new InvalidInputException(place, "must be an array of objects; for one object a line name the file .jsonl");
        return document.Items.Select((item, i) => Of($"{place}:{item.Line}", i + 1, item));
    }

    private static TaskRow OfLine(string place, int number, string line)
    {
        try
        {
            return Of($"{place}:{number}", number, LocatedJson.Parse(place, line, number));
        }
        catch (InvalidInputException error)
        {
            return new TaskRow($"{place}:{number}", number, null, error.Errors);
        }
    }

    private static TaskRow Of(string place, int number, LocatedJson value) =>
        value.Kind == JsonValueKind.Object ? new TaskRow(place, number, value) : new TaskRow(place, number, "must be a JSON object { ... }");
}
