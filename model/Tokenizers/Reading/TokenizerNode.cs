using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Tokenizers.Reading;

/// <summary>
/// One JSON object of a tokenizer.json. Strict: what it has and nobody reads is refused, since it could change the tokens.
/// Errors are collected; a member that is wrong reads as its default.
/// </summary>
internal sealed class TokenizerNode
{
    private readonly JsonElement _json;
    private readonly string _place;
    private readonly char _separator;
    private readonly List<InputError> _errors;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    /// <summary>The whole file.</summary>
    public TokenizerNode(JsonElement json, string path, List<InputError> errors) : this(json, path, ' ', errors) { }

    /// <param name="place">File and path of the object, for messages.</param>
    /// <param name="separator">Between the place and a member.</param>
    private TokenizerNode(JsonElement json, string place, char separator, List<InputError> errors)
    {
        (_json, _place, _separator, _errors) = (json, place, separator, errors);
        if (json.ValueKind != JsonValueKind.Object) errors.Add(new InputError(place, $"is {JsonMembers.Shown(json)}, but must be an object"));
    }

    public void Refuse(string member, string problem) => _errors.Add(new InputError(member.Length == 0 ? _place : PlaceOf(member), problem));

    /// <summary>The member's value; null when it is absent or null.</summary>
    public JsonElement? Find(string member)
    {
        _read.Add(member);
        return _json.ValueKind == JsonValueKind.Object && _json.TryGetProperty(member, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    /// <summary>What kind of part this is; empty when it does not say so.</summary>
    public string Type()
    {
        var type = Text("type");
        if (type is null && _json.ValueKind == JsonValueKind.Object) Refuse("type", "is missing");
        return type ?? "";
    }

    public string? Text(string member)
    {
        if (Find(member) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.String) return value.GetString();
        Refuse(member, $"is {JsonMembers.Shown(value)}, but must be a text");
        return null;
    }

    /// <summary>A text that must be there.</summary>
    /// <param name="least">Fewest UTF-16 units.</param>
    /// <param name="most">Most UTF-16 units.</param>
    public string RequiredText(string member, int least = 0, int most = int.MaxValue)
    {
        var text = Text(member);
        if (text is null && Find(member) is null) Refuse(member, "is missing");
        if (text is null || text.Length >= least && text.Length <= most) return text ?? "";
        Refuse(member, $"has {text.Length} characters, but must have {least}{(most == least ? "" : " or more")}");
        return text;
    }

    public bool Flag(string member, bool missing)
    {
        if (Find(member) is not { } value) return missing;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        Refuse(member, $"is {JsonMembers.Shown(value)}, but must be true or false");
        return missing;
    }

    public int Integer(string member, int least, int most)
    {
        if (Find(member) is not { } value) Refuse(member, "is missing");
        else if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most) return number;
        else Refuse(member, $"is {JsonMembers.Shown(value)}, but must be a whole number from {least} to {most}");
        return least;
    }

    /// <summary>A member that is an object; null when it is absent or null.</summary>
    public TokenizerNode? Child(string member) => Find(member) is { } value ? new TokenizerNode(value, PlaceOf(member), '.', _errors) : null;

    /// <summary>The objects of an array that must be there.</summary>
    public IReadOnlyList<TokenizerNode> Children(string member) =>
        [.. Array(member).Select((item, index) => new TokenizerNode(item, $"{PlaceOf(member)}[{index}]", '.', _errors))];

    /// <summary>An array that must be there.</summary>
    public IEnumerable<JsonElement> Array(string member)
    {
        if (Find(member) is { ValueKind: JsonValueKind.Array } value) return value.EnumerateArray();
        Refuse(member, "must be an array");
        return [];
    }

    /// <summary>Members that may be there and change no token.</summary>
    public void Ignore(params ReadOnlySpan<string> members)
    {
        foreach (var member in members) _read.Add(member);
    }

    /// <summary>A member that must be absent, null, false, 0 or empty, for nothing else is supported.</summary>
    public void RequireUnset(string member, string why)
    {
        if (Find(member) is not { } value) return;
        var unset = value.ValueKind switch
        {
            JsonValueKind.False => true,
            JsonValueKind.String => value.ValueEquals(""),
            JsonValueKind.Number => value.TryGetDouble(out var number) && number == 0,
            _ => false,
        };
        if (!unset) Refuse(member, $"is {JsonMembers.Shown(value)}: {why}");
    }

    /// <summary>Call last.</summary>
    public void RefuseOthers()
    {
        if (_json.ValueKind != JsonValueKind.Object) return;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in _json.EnumerateObject())
        {
            if (!_read.Contains(member.Name)) Refuse(member.Name, "is not known here; tokens could depend on it");
            if (!seen.Add(member.Name)) Refuse(member.Name, "is there twice");
        }
    }

    private string PlaceOf(string member) => $"{_place}{_separator}{member}";
}
