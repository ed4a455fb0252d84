using System.Globalization;
using System.Text.Json;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Json;

/// <summary>
/// Reads the members of one JSON object, collecting every error instead of stopping at the first. A member that is
/// absent or wrong yields its default. Call <see cref="RefuseUnknown"/> last.
/// </summary>
public sealed class ObjectReader
{
    private readonly string _place;
    private readonly string _path;
    private readonly LocatedJson _object;
    private readonly List<InputError> _errors;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public ObjectReader(string place, LocatedJson value, List<InputError> errors) : this(place, "", value, errors) { }

    private ObjectReader(string place, string path, LocatedJson value, List<InputError> errors)
    {
        (_place, _path, _object, _errors) = (place, path, value, errors);
        if (value.Kind != JsonValueKind.Object) Refuse(path, value.Line, "must be a JSON object { ... }");
    }

    public bool Has(string name) => Find(name) is not null;

    public string Text(string name, string byDefault, Func<string, string?>? problem = null)
    {
        if (Find(name) is not { } value) return byDefault;
        if (value.Kind != JsonValueKind.String) return Wrong(name, value, "must be a string in double quotes", byDefault);
        return problem?.Invoke(value.Text) is { } why ? Wrong(name, value, why, byDefault) : value.Text;
    }

    /// <summary>A name out of a closed list.</summary>
    public string Choice(string name, string byDefault, IReadOnlyList<string> choices) =>
        Text(name, byDefault, text => choices.Contains(text) ? null : $"'{text}' is unknown; choose one of {string.Join(", ", choices)}");

    /// <summary>As <see cref="Choice"/>, and null when absent, null or wrong.</summary>
    public string? OptionalChoice(string name, IReadOnlyList<string> choices) =>
        Find(name) is { Kind: not JsonValueKind.Null } && Choice(name, "", choices) is { Length: > 0 } chosen ? chosen : null;

    public int Whole(string name, int byDefault, int min, int max)
    {
        if (Find(name) is not { } value) return byDefault;
        return value.Kind == JsonValueKind.Number && int.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : Wrong(name, value, string.Create(CultureInfo.InvariantCulture, $"is {value.Text}; it must be a whole number from {min} to {max}"), byDefault);
    }

    /// <summary>As <see cref="Whole"/>, and null when absent, null or wrong.</summary>
    public int? OptionalWhole(string name, int min, int max) =>
        Find(name) is { Kind: not JsonValueKind.Null } ? Whole(name, min, min, max) : null;

    public bool Flag(string name, bool byDefault)
    {
        if (Find(name) is not { } value) return byDefault;
        return value.Kind is JsonValueKind.True or JsonValueKind.False ? value.Kind == JsonValueKind.True : Wrong(name, value, "must be true or false", byDefault);
    }

    /// <summary>As <see cref="Text"/>, and null when absent, null or wrong.</summary>
    public string? OptionalText(string name) => Find(name) is { Kind: not JsonValueKind.Null } ? Text(name, "") : null;

    public ulong Seed(string name, ulong byDefault)
    {
        if (Find(name) is not { } value) return byDefault;
        return value.Kind == JsonValueKind.Number && ulong.TryParse(value.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : Wrong(name, value, $"is {value.Text}; it must be a whole number from 0 to {ulong.MaxValue}", byDefault);
    }

    /// <summary>A finite number from min to max.</summary>
    public double Number(string name, double byDefault, double min, double max) => OptionalNumber(name, min, max) ?? byDefault;

    /// <summary>As <see cref="Number"/>, and null when absent, null or wrong.</summary>
    public double? OptionalNumber(string name, double min, double max)
    {
        if (Find(name) is not { Kind: not JsonValueKind.Null } value) return null;
        if (value.Kind == JsonValueKind.Number && double.TryParse(value.Text, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) && number >= min && number <= max)
            return number;
        Refuse(Join(name), value.Line, string.Create(CultureInfo.InvariantCulture, $"is {value.Text}; it must be a number from {min} to {max}"));
        return null;
    }

    /// <summary>A list of strings, none of them empty; empty when absent or wrong.</summary>
    public IReadOnlyList<string> Texts(string name, int most, int longest) =>
        List(name, most, item => item.Kind == JsonValueKind.String && item.Text.Length is > 0 && item.Text.Length <= longest, $"strings of 1 to {longest} characters", item => item.Text);

    /// <summary>A list of whole numbers from min to max; empty when absent or wrong.</summary>
    public IReadOnlyList<int> WholeNumbers(string name, int most, int min, int max) =>
        List(name, most, item => item.Kind == JsonValueKind.Number && int.TryParse(item.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max,
            $"whole numbers from {min} to {max}", item => int.Parse(item.Text, CultureInfo.InvariantCulture));

    private IReadOnlyList<T> List<T>(string name, int most, Func<LocatedJson, bool> isRight, string what, Func<LocatedJson, T> read)
    {
        if (Find(name) is not { } value) return [];
        return value.Kind == JsonValueKind.Array && value.Items.Count <= most && value.Items.All(isRight)
            ? [.. value.Items.Select(read)]
            : Wrong<IReadOnlyList<T>>(name, value, $"must be a list [ ... ] of at most {most} {what}", []);
    }

    /// <summary>A nested object; null when absent.</summary>
    public T Nested<T>(string name, T byDefault, Func<ObjectReader, T> read)
    {
        if (Find(name) is not { } value) return byDefault;
        var reader = new ObjectReader(_place, Join(name), value, _errors);
        if (value.Kind != JsonValueKind.Object) return byDefault;
        var result = read(reader);
        reader.RefuseUnknown();
        return result;
    }

    /// <summary>As <see cref="Nested"/>, and null when absent or null.</summary>
    public T? OptionalNested<T>(string name, Func<ObjectReader, T> read) where T : class =>
        Find(name) is { Kind: not JsonValueKind.Null } ? Nested<T?>(name, null, read) : null;

    /// <summary>Adds an error about a member, or about the object itself.</summary>
    public void Refuse(string name, string problem) => Refuse(Join(name), Find(name)?.Line ?? _object.Line, problem);

    public void RefuseUnknown()
    {
        foreach (var member in _object.Members.Where(member => !_known.Contains(member.Name)))
            Refuse(Join(member.Name), member.Value.Line, $"is unknown; known here are {string.Join(", ", _known)}");
    }

    private LocatedJson? Find(string name)
    {
        _known.Add(name);
        return _object.Members.FirstOrDefault(member => member.Name == name)?.Value;
    }

    private T Wrong<T>(string name, LocatedJson value, string problem, T byDefault)
    {
        Refuse(Join(name), value.Line, problem);
        return byDefault;
    }

    private void Refuse(string path, int line, string problem) => _errors.Add(new InputError($"{_place}:{line} {path}".TrimEnd(), problem));

    private string Join(string name) => _path.Length == 0 ? name : name.Length == 0 ? _path : $"{_path}.{name}";
}
