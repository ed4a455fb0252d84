using System.Text.Json;
using System.Xml.Linq;

namespace KnapsackCloud.Infra.Tests;

/// <summary>docs/licences.md lists what is deployed with us and under which licence; the bills of materials list it for programs.</summary>
[Collection(Builds.Name)]
public class LicenceTests
{
    private static readonly string[] Permissive = ["Apache-2.0", "BSD-3-Clause", "MIT"];
    private static readonly Dictionary<string, string> Hosts = new() { ["functions"] = "KnapsackCloud.Functions", ["gpu-worker"] = "KnapsackCloud.GpuWorker", ["learner"] = "KnapsackCloud.Learner" };

    /// <summary>Package and licence; where a package has no licence expression, somebody looked it up and wrote it down.</summary>
    private static Dictionary<string, string> Told { get; } = Repository.Read("docs/licences.md").Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| package", StringComparison.Ordinal))
        .Select(line => line[1..^1].Split('|').Select(cell => cell.Trim()).ToArray()).ToDictionary(cells => cells[0], cells => cells[1]);

    [Fact]
    public void Every_package_that_is_deployed_is_on_the_list_with_its_licence()
    {
        var expected = Hosts.Values.SelectMany(Packages).Distinct().OrderBy(package => package.Name, StringComparer.OrdinalIgnoreCase)
            .Select(package => $"| {package.Name} | {Expression(package) ?? Told.GetValueOrDefault(package.Name, "no expression: look it up")} |").Distinct();
        Assert.Equal(string.Join('\n', expected), string.Join('\n', Told.Select(row => $"| {row.Key} | {row.Value} |")));
    }

    /// <summary>Nothing that would oblige who deploys it.</summary>
    [Fact]
    public void Every_licence_is_a_permissive_one() =>
        Assert.All(Told, row => Assert.Contains(row.Value, Permissive));

    [Fact]
    public async Task The_bills_of_materials_have_the_packages_of_their_host()
    {
        using var folder = new CopiedInfra();
        var result = await Tool.RunAsync("sh", Repository.Root, Repository.At("build/sbom.sh"), folder.At("sbom"));
        Assert.SkipWhen(result.All.Contains("dotnet tool restore", StringComparison.Ordinal), "there is no CycloneDX: 'dotnet tool restore' first");
        Assert.True(result.ExitCode == 0, result.All);
        foreach (var (host, program) in Hosts)
        {
            var bill = JsonDocument.Parse(await File.ReadAllTextAsync(folder.At($"sbom/{host}.cdx.json"), TestContext.Current.CancellationToken)).RootElement;
            Assert.Equal(("CycloneDX", $"knapsack-{host}"), (bill.GetProperty("bomFormat").GetString(), bill.GetProperty("metadata").GetProperty("component").GetProperty("name").GetString()));
            var listed = bill.GetProperty("components").EnumerateArray().Select(one => (one.GetProperty("name").GetString()!, one.GetProperty("version").GetString()!)).ToHashSet();
            Assert.Empty(Packages(program).Except(listed));
        }
    }

    /// <summary>What is copied beside a program when it is built as these tests were.</summary>
    private static IEnumerable<(string Name, string Version)> Packages(string program)
    {
        var configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Split('_')[0];
        var file = Directory.GetDirectories(Repository.At($"artifacts/bin/{program}"), $"{configuration}*").OrderBy(folder => folder.Length).Select(folder => Path.Combine(folder, $"{program}.deps.json")).First(File.Exists);
        return JsonDocument.Parse(File.ReadAllText(file)).RootElement.GetProperty("libraries").EnumerateObject()
            .Where(library => library.Value.GetProperty("type").GetString() == "package").Select(library => library.Name.Split('/')).Select(parts => (parts[0], parts[1]));
    }

    private static string? Expression((string Name, string Version) package)
    {
        var file = Path.Combine(Repository.Packages, package.Name.ToLowerInvariant(), package.Version.ToLowerInvariant(), $"{package.Name.ToLowerInvariant()}.nuspec");
        var licence = XDocument.Load(file).Descendants().FirstOrDefault(element => element.Name.LocalName == "license" && element.Attribute("type")?.Value == "expression");
        return licence?.Value;
    }
}
