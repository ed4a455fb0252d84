using System.Text.Json;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Model.Weights;

/// <summary>Reads members of a JSON object of somebody else's making and notes every one that is wrong.</summary>
internal sealed class JsonMembers(JsonElement json, string path, List<InputError> errors, string prefix = "")
{
    public void Refuse(string member, string problem) => errors.Add(new InputError($"{path} {prefix}{member}", problem));

    /// <summary>The members of a member that is an object; null when it is not there, and refused when it is something else.</summary>
    public JsonMembers? Nested(string member)
    {
        if (!TryGet(member, out var value)) return null;
        if (value.ValueKind == JsonValueKind.Object) return new JsonMembers(value, path, errors, $"{prefix}{member}.");
        Refuse(member, $"is {Shown(value)}, but must be an object");
        return null;
    }

    public bool TryGet(string member, out JsonElement value) =>
        json.TryGetProperty(member, out value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>A whole number in a range; <paramref name="missing"/> when not there, and null there means required.</summary>
    public int Integer(string member, int least, int most, int? missing = null)
    {
        if (!TryGet(member, out var value))
        {
            if (missing is { } number) return number;
            Refuse(member, "is missing");
            return least;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var found) && found >= least && found <= most) return found;
        Refuse(member, $"is {Shown(value)}, but must be a whole number from {least} to {most}");
        return least;
    }

    /// <summary>A finite number above 0; null for <paramref name="missing"/> means required.</summary>
    public double Positive(string member, double? missing = null)
    {
        if (!TryGet(member, out var value))
        {
            if (missing is null) Refuse(member, "is missing");
            return missing ?? 1;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var found) && double.IsFinite(found) && found > 0) return found;
        Refuse(member, $"is {Shown(value)}, but must be a number above 0");
        return missing ?? 1;
    }

    public bool Flag(string member, bool missing)
    {
        if (!TryGet(member, out var value)) return missing;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False) return value.GetBoolean();
        Refuse(member, $"is {Shown(value)}, but must be true or false");
        return missing;
    }

    /// <summary>A token id, several in an array, or none.</summary>
    public IReadOnlyList<int> TokenIds(string member, int vocabSize)
    {
        if (!TryGet(member, out var value)) return [];
        var items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : new[] { value };
        var ids = new List<int>(items.Length);
        foreach (var item in items)
        {
            if (item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var id) && id >= 0 && id < vocabSize) ids.Add(id);
            else Refuse(member, $"has {Shown(item)}, but token ids go from 0 to {vocabSize - 1}");
        }

        return ids;
    }

    public string? Text(string member) =>
        TryGet(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>As written, cut where it would fill the screen.</summary>
    public static string Shown(JsonElement value)
    {
        const int most = 80;
        var text = value.GetRawText();
        return text.Length <= most ? text : $"{text[..most]}...";
    }
}
