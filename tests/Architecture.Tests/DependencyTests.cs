using System.Xml.Linq;

namespace KnapsackCloud.Architecture.Tests;

/// <summary>Dependencies point inward: core &lt;- model, core &lt;- adapters, all &lt;- hosts; never model and adapters on each other.</summary>
public class DependencyTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["core"] = [],
        ["model"] = ["core"],
        ["adapters"] = ["core", "adapters"],
    };

    [Fact]
    public void Inner_layers_reference_only_what_is_further_in()
    {
        var wrong = Repository.Projects.Where(project => Allowed.ContainsKey(Repository.Layer(project)))
            .SelectMany(project => References(project).Where(target => !Allowed[Repository.Layer(project)].Contains(Repository.Layer(target))).Select(target => $"{project} -> {target}"));
        Violations.None(wrong);
    }

    [Fact]
    public void The_rule_sees_the_references_there_are() =>
        Assert.Contains("core/KnapsackCloud.Core.csproj", References("model/KnapsackCloud.Model.csproj"));

    [Theory]
    [InlineData("core", "TorchSharp", "Azure", "System.IO.File", "System.Net.Http")]
    [InlineData("model", "Azure", "Parquet")]
    [InlineData("adapters", "TorchSharp")]
    public void Inner_layers_use_no_package_of_an_outer_one(string layer, params string[] forbidden)
    {
        var wrong = Repository.Sources.Where(source => Repository.Layer(source) == layer)
            .SelectMany(source => Repository.Read(source).Split('\n').Where(line => line.StartsWith("using ", StringComparison.Ordinal))
                .Where(line => forbidden.Any(name => line.Contains(name, StringComparison.Ordinal))).Select(line => $"{source}: {line}"));
        Violations.None(wrong);
    }

    [Fact]
    public void Core_has_no_packages() =>
        Violations.None(XDocument.Parse(Repository.Read("core/KnapsackCloud.Core.csproj")).Descendants("PackageReference").Select(package => package.ToString()));

    [Fact]
    public void Core_touches_no_files()
    {
        string[] calls = ["File.", "Directory.", "FileStream(", "Console.", "Process.Start"];
        var wrong = Repository.Sources.Where(source => Repository.Layer(source) == "core")
            .SelectMany(source => calls.Where(call => System.Text.RegularExpressions.Regex.IsMatch(Repository.Read(source), $@"(?<![\w.""]){System.Text.RegularExpressions.Regex.Escape(call)}")).Select(call => $"{source}: {call}"));
        Violations.None(wrong);
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = Repository.Read("KnapsackCloud.sln").Replace('\\', '/');
        Violations.None(Repository.Projects.Where(project => !solution.Contains(project, StringComparison.Ordinal)));
    }

    private static IEnumerable<string> References(string project) =>
        XDocument.Parse(Repository.Read(project)).Descendants("ProjectReference")
            .Select(reference => Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(project)!, reference.Attribute("Include")!.Value.Replace('\\', '/'))))
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'));
}
