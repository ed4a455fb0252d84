using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Cli.Running;

/// <summary>A member of a spec set from the command line: <c>allocation.scope=pool</c>.</summary>
/// <param name="Path">Members from the outermost, separated by dots.</param>
/// <param name="Value">JSON, or else taken as text.</param>
internal sealed record SpecSetting(string Path, string Value)
{
    private const string OptionName = "--set";
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <exception cref="InvalidInputException">There is no '=' or no member before it.</exception>
    public static SpecSetting Parse(string place, string text)
    {
        var pair = text.Split('=', 2);
        return pair is [{ Length: > 0 } path, var value] && path.Split('.').All(member => member.Length > 0)
            ? new SpecSetting(path, value)
            : throw new InvalidInputException(place, $"'{text}' is no setting: write it as allocation.policy=uniform");
    }

    /// <summary>An option that may be given several times.</summary>
    public static Option<string[]> NewOption(string description) => new(OptionName) { Description = description, DefaultValueFactory = _ => [] };

    /// <exception cref="InvalidInputException">One of them is no setting.</exception>
    public static List<SpecSetting> Read(ParseResult parsed, Option<string[]> option) => [.. parsed.GetValue(option)!.Select(text => Parse(OptionName, text))];

    /// <summary>The spec with every setting in place, for the spec reader to check.</summary>
    /// <param name="json">A JSON object.</param>
    public static string Apply(string json, IReadOnlyList<SpecSetting> settings)
    {
        var spec = JsonNode.Parse(json, documentOptions: Lenient)!.AsObject();
        foreach (var setting in settings) setting.Apply(spec);
        return spec.ToJsonString();
    }

    public override string ToString() => $"{Path}={Value}";

    private void Apply(JsonObject spec)
    {
        var members = Path.Split('.');
        var parent = spec;
        foreach (var member in members[..^1])
        {
            if (parent[member] is not JsonObject nested) parent[member] = nested = [];
            parent = nested;
        }

        parent[members[^1]] = ParseValue();
    }

    private JsonNode? ParseValue()
    {
        try
        {
            return JsonNode.Parse(Value);
        }
        catch (JsonException)
        {
            return JsonValue.Create(Value);
        }
    }
}
