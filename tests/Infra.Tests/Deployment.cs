using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace KnapsackCloud.Infra.Tests;

/// <summary>Everything a deployment makes, from a committed snapshot (<see cref="BicepTests"/> keeps it true). What is known only in Azure is replaced by what it stands for: <c>client id of NAME</c>.</summary>
internal sealed partial class Deployment
{
    public static Deployment Default { get; } = new("main");
    public static Deployment Everything { get; } = new("everything");

    private Deployment(string parameters)
    {
        Text = Resolve(Repository.Read($"infra/{parameters}.snapshot.json"));
        var snapshot = JsonNode.Parse(Text)!;
        Assert.Empty(snapshot["diagnostics"]!.AsArray());
        Resources = [.. snapshot["predictedResources"]!.AsArray().Select(resource => new Resource(resource!))];
        Outputs = snapshot["outputs"]!.AsObject().Select(output => output.Key).ToList();
    }

    public string Text { get; }

    public IReadOnlyList<Resource> Resources { get; }

    public IReadOnlyList<string> Outputs { get; }

    public IEnumerable<Resource> OfType(string type) => Resources.Where(resource => resource.Type == type);

    public Resource Named(string type, string end) => Assert.Single(OfType(type), resource => resource.Name.EndsWith(end, StringComparison.Ordinal));

    /// <summary>By the tag that azd finds it by.</summary>
    public Resource Host(string service) => Assert.Single(Resources, resource => resource.Tag("azd-service-name") == service);

    /// <summary>Settings of a host's process: of the Functions app, or the environment of the container.</summary>
    public Dictionary<string, string> Settings(string service)
    {
        var host = Host(service);
        var list = host["properties.siteConfig.appSettings"] ?? host["properties.template.containers"]![0]!["env"]!;
        return list.AsArray().ToDictionary(one => one!["name"]!.GetValue<string>(), one => one!["value"]!.GetValue<string>());
    }

    private static string Resolve(string text) => ClientIds().Replace(StorageSuffix().Replace(text, "core.windows.net"), "client id of $1");

    [GeneratedRegex(@"\[environment\(\)\.suffixes\.storage\]")]
    private static partial Regex StorageSuffix();

    [GeneratedRegex(@"\[reference\('[^']*/userAssignedIdentities/([^'/]+)', '[0-9-]+'\)\.clientId\]")]
    private static partial Regex ClientIds();
}

/// <summary>One resource of a deployment.</summary>
internal sealed class Resource(JsonNode json)
{
    public string Id { get; } = json["id"]!.GetValue<string>();
    public string Type { get; } = json["type"]!.GetValue<string>();
    public string Name { get; } = json["name"]!.GetValue<string>();

    /// <summary>A member by its path, with '.' between the names; null when it is not there.</summary>
    public JsonNode? this[string path] => path.Split('.').Aggregate((JsonNode?)json, (node, name) => node?[name]);

    public string Text(string path) => this[path] is { } node ? node.ToString() : $"no {path}";

    public string? Tag(string name) => json["tags"]?[name]?.GetValue<string>();

    public bool HasTags => json["tags"] is not null;

    /// <summary>What a role or a lock is on, below the resource group.</summary>
    public string Scope => Id[..Id.LastIndexOf("/providers/", StringComparison.Ordinal)].Split("/providers/", 2)[^1];
}
