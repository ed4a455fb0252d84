using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Infra.Tests;

/// <summary>The tables of docs/run-spec.md name every member of a run spec, and no other, with the defaults of the code.</summary>
public partial class RunSpecTableTests
{
    /// <summary>In tables of their own, further down the page.</summary>
    private static readonly string[] Elsewhere = ["model.adapter.", "allocation.parameters."];

    /// <summary>As they come out of an empty spec; a member that is not set there is null.</summary>
    private static Dictionary<string, string> Defaults => Leaves("", JsonSerializer.SerializeToNode(RunSpecReader.Read("spec.json", "{}"), new ContractsJson(new JsonSerializerOptions(ContractsJson.Default.Options)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.Never,
    }).RunSpec)!).Where(leaf => !Elsewhere.Any(leaf.Name.StartsWith)).ToDictionary();

    /// <summary>Name and default of each row of the page's first table; a row may be of several members.</summary>
    private static List<(string Name, string Default)> Told =>
    [
        .. Repository.Read("docs/run-spec.md").Split("\n## ")[0].Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line[1..^1].Split('|', 3)).SelectMany(cells => Members(CodeSpan().Matches(cells[0]).Select(match => match.Groups[1].Value).ToList(), cells[1].Trim())),
    ];

    [Fact]
    public void It_has_every_member() =>
        Assert.Equal(Defaults.Keys.Append("allocation.parameters").Order(StringComparer.Ordinal), Told.Select(row => row.Name).Order(StringComparer.Ordinal));

    /// <summary>Where a default depends on other members the page says so in words, which are not compared.</summary>
    [Fact]
    public void Defaults_are_those_of_the_code()
    {
        var literals = Told.Where(row => Literal().IsMatch(row.Default)).Select(row => (row.Name, Default: row.Default.Trim('`'))).ToList();
        Assert.True(literals.Count > 30);
        Assert.Equal(literals, literals.Select(row => (row.Name, Same(row.Default, Defaults[row.Name]) ? row.Default : Defaults[row.Name])));
    }

    private static bool Same(string told, string actual) => told == actual || (double.TryParse(told, out var a) && double.TryParse(actual, out var b) && a == b) || (told == "none" && actual == "null");

    /// <summary><c>`limits.rollouts`, `.seconds` | null</c> is two members with one default.</summary>
    private static IEnumerable<(string Name, string Default)> Members(List<string> names, string told)
    {
        var section = names[0][..(names[0].LastIndexOf('.') + 1)];
        var defaults = told.Split(", ");
        return names.Select((name, i) => (name[0] == '.' ? section + name[1..] : name, defaults.Length == names.Count ? defaults[i] : told));
    }

    private static IEnumerable<(string Name, string Value)> Leaves(string prefix, JsonNode node) => node is JsonObject members
        ? members.SelectMany(member => member.Value is JsonObject ? Leaves($"{prefix}{member.Key}.", member.Value) : [($"{prefix}{member.Key}", member.Value?.ToString() ?? "null")])
        : [];

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex("^(`[^`]*`|-?[0-9.e-]+|true|false|null|none)$")]
    private static partial Regex Literal();
}
