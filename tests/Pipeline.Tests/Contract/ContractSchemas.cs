using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;

namespace KnapsackCloud.Pipeline.Tests.Contract;

/// <summary>The schemas beside docs/learner-contract.md.</summary>
internal static class ContractSchemas
{
    private const string Ending = ".schema.json";

    private static readonly Dictionary<string, JsonSchema> All = Directory.GetFiles(Folder, $"*{Ending}")
        .ToDictionary(path => Path.GetFileName(path)[..^Ending.Length], path => JsonSchema.FromFile(path), StringComparer.Ordinal);

    public static IEnumerable<string> Names => All.Keys;

    public static IReadOnlyList<string> Required(string schema) => [.. JsonNode.Parse(File.ReadAllText(PathOf(schema)))!["required"]!.AsArray().Select(name => name!.GetValue<string>())];

    private static string PathOf(string schema) => Path.Combine(Folder, schema + Ending);

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "contract");

    public static string Page => File.ReadAllText(Path.Combine(Folder, "learner-contract.md"));

    /// <summary>What the schema has against it; empty when it holds.</summary>
    public static IReadOnlyList<string> Problems(string schema, ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        using var document = JsonDocument.ParseValue(ref reader);
        var result = All[schema].Evaluate(document.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
        return result.IsValid ? [] : [.. (result.Details ?? []).Where(detail => detail.Errors is not null).SelectMany(detail => detail.Errors!.Values.Select(error => $"{detail.InstanceLocation}: {error}"))];
    }
}
