using YamlDotNet.RepresentationModel;

namespace KnapsackCloud.Infra.Tests;

/// <summary>azure.yaml by the rules of azd's schema that it touches, and against what it names: tags, files, variables.</summary>
public class AzureYamlTests
{
    private static readonly YamlMappingNode Root = Load();

    private static YamlMappingNode Services => (YamlMappingNode)Root["services"];

    [Fact]
    public void It_has_the_members_that_the_schema_knows()
    {
        OnlyKnown(Root, "name", "requiredVersions", "infra", "services", "hooks");
        Assert.Matches("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", Text(Root["name"]));
        Assert.Equal(">= 1.25.0", Text(Root["requiredVersions"]["azd"]));
        Assert.Equal(("bicep", "infra", "main"), (Text(Root["infra"]["provider"]), Text(Root["infra"]["path"]), Text(Root["infra"]["module"])));
        Assert.True(File.Exists(Repository.At("infra/main.bicep")));
    }

    /// <summary>azd finds the resource of a service by this tag: one that has none, or two, cannot be deployed to.</summary>
    [Theory]
    [InlineData("main")]
    [InlineData("everything")]
    public void Each_service_has_its_resource_of_the_kind_it_is_deployed_to(string parameters)
    {
        var deployment = parameters == "main" ? Deployment.Default : Deployment.Everything;
        var tagged = deployment.Resources.Where(resource => resource.Tag("azd-service-name") is not null).ToDictionary(resource => resource.Tag("azd-service-name")!, resource => resource.Type);
        Assert.Equal(Keys(Services), tagged.Keys.ToHashSet());
        foreach (var (service, type) in tagged)
        {
            string[] kinds = Text(Services[service]["host"]) switch { "function" => ["Microsoft.Web/sites"], "containerapp" => ["Microsoft.App/jobs", "Microsoft.App/containerApps"], _ => [] };
            Assert.Contains(type, kinds);
        }
    }

    [Fact]
    public void A_function_names_its_package_and_nothing_of_containers()
    {
        var functions = (YamlMappingNode)Services["functions"];
        OnlyKnown(functions, "project", "host", "language", "dist", "remoteBuild", "hooks");
        Assert.Equal(("custom", "false", "artifacts/functions-package"), (Text(functions["language"]), Text(functions["remoteBuild"]), Text(functions["dist"])));
        Assert.Contains("$root/artifacts/functions-package", Repository.Read("infra/hooks/package-functions.sh"), StringComparison.Ordinal);
        Assert.Contains("'../../artifacts/functions-package'", Repository.Read("infra/hooks/package-functions.ps1"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gpu-worker")]
    [InlineData("learner")]
    public void A_container_is_built_by_the_registry_from_a_file_that_is_there(string service)
    {
        var container = (YamlMappingNode)Services[service];
        OnlyKnown(container, "project", "host", "language", "docker");
        var docker = (YamlMappingNode)container["docker"];
        OnlyKnown(docker, "path", "context", "platform", "registry", "image", "tag", "buildArgs", "network", "remoteBuild");
        Assert.Equal(("docker", "true", "linux/amd64"), (Text(container["language"]), Text(docker["remoteBuild"]), Text(docker["platform"])));
        var file = Repository.Read(Text(docker["path"]));
        var arguments = ((YamlSequenceNode)docker["buildArgs"]).Select(Text).ToList();
        Assert.Equal([$"Host={service}", "TorchBackend=${KNAPSACK_TORCH_BACKEND}"], arguments);
        Assert.All(arguments, argument => Assert.Contains($"ARG {argument.Split('=')[0]}=", file, StringComparison.Ordinal));
        Assert.True(Directory.Exists(Repository.At(service)), "the build takes Host for a folder");
    }

    [Fact]
    public void Each_hook_is_there_for_both_kinds_of_system()
    {
        var all = Hooks((YamlMappingNode)Root["hooks"], ["preprovision", "postdeploy"]).Concat(Hooks((YamlMappingNode)Services["functions"]["hooks"], ["prepackage"])).ToList();
        Assert.Equal(3, all.Count);
        foreach (var hook in all)
        {
            Assert.Equal(new HashSet<string> { "posix", "windows" }, Keys(hook));
            foreach (var system in hook.Children.Values) OnlyKnown(system, "shell", "run", "interactive");
            Assert.Equal(("sh", "pwsh"), (Text(hook["posix"]["shell"]), Text(hook["windows"]["shell"])));
            var (posix, windows) = (Text(hook["posix"]["run"]), Text(hook["windows"]["run"]));
            Assert.Equal(posix.Replace(".sh", ".ps1", StringComparison.Ordinal), windows);
            Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Repository.At(posix)).HasFlag(UnixFileMode.UserExecute), posix);
            Assert.True(File.Exists(Repository.At(windows)), windows);
        }
    }

    /// <summary>What hooks read is an output of the deployment, set by azd itself, or one of the settings that main.bicepparam reads.</summary>
    [Fact]
    public void What_a_hook_reads_somebody_sets()
    {
        string[] byAzd = ["AZURE_ENV_NAME", "AZURE_LOCATION"];
        string[] ofHooks = ["KNAPSACK_SMOKE", "KNAPSACK_SMOKE_PAUSE", "KNAPSACK_SMOKE_LOOKS", "KNAPSACK_TORCH_BACKEND"];
        var parameters = Variables(Repository.Read("infra/main.bicepparam"));
        var known = Deployment.Default.Outputs.Concat(byAzd).Concat(ofHooks).Concat(parameters).ToHashSet();
        var read = Directory.GetFiles(Repository.At("infra/hooks")).Where(file => Path.GetExtension(file) is ".sh" or ".ps1").SelectMany(file => Variables(File.ReadAllText(file))).ToHashSet();
        Assert.Empty(read.Except(known));
        Assert.Contains("KNAPSACK_API_URL", read);
    }

    private static HashSet<string> Variables(string text) =>
        System.Text.RegularExpressions.Regex.Matches(text, "(?:AZURE|KNAPSACK)_[A-Z_]+").Select(match => match.Value).ToHashSet();

    private static IEnumerable<YamlMappingNode> Hooks(YamlMappingNode hooks, string[] known)
    {
        OnlyKnown(hooks, known);
        return hooks.Children.Values.Cast<YamlMappingNode>();
    }

    private static void OnlyKnown(YamlNode node, params string[] known) => Assert.Empty(Keys(node).Except(known));

    private static HashSet<string> Keys(YamlNode node) => ((YamlMappingNode)node).Children.Keys.Select(Text).ToHashSet();

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;

    private static YamlMappingNode Load()
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(Repository.Read("azure.yaml")));
        return (YamlMappingNode)yaml.Documents.Single().RootNode;
    }
}
