using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;
using KnapsackCloud.Adapters.ServiceBus;
using KnapsackCloud.Adapters.Storage;
using KnapsackCloud.Functions;
using KnapsackCloud.GpuWorker;
using KnapsackCloud.Hosting;
using KnapsackCloud.Learner;

namespace KnapsackCloud.Infra.Tests;

/// <summary>docs/settings.md is what the code reads, with the code's defaults, and what the Bicep sets.</summary>
public partial class SettingTableTests
{
    private static readonly string Page = Repository.Read("docs/settings.md");
    private static readonly Dictionary<string, string> Services = new() { ["functions"] = "functions", ["worker"] = "gpu-worker", ["learner"] = "learner" };

    /// <summary>Rows of our settings: name, default, Azure.</summary>
    private static List<string[]> Rows => [.. Lines().Where(cells => cells.Length == 4 && cells[0].Contains(':', StringComparison.Ordinal)).Select(cells => cells[..3])];

    [Fact]
    public void It_has_every_setting_of_the_code_with_its_default()
    {
        var expected = Settings(KnapsackOptions.Section, new KnapsackOptions { Storage = new StorageOptions(), ServiceBus = new ServiceBusOptions() })
            .Concat(Settings(FunctionsOptions.Section, new FunctionsOptions())).Concat(Settings(WorkerOptions.Section, new WorkerOptions())).Concat(Settings(LearnerOptions.Section, new LearnerOptions()));
        Assert.Equal(expected.Order(StringComparer.Ordinal), Rows.Select(row => $"{Code(row[0])} = {Code(row[1])}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void It_says_which_hosts_get_a_setting_in_Azure_and_what()
    {
        foreach (var row in Rows)
        {
            var variable = Code(row[0]).Replace(":", "__", StringComparison.Ordinal);
            var told = row[2].Split(':', 2);
            string[] hosts = told[0] switch { "" => [], "all" => [.. Services.Keys], var one => [one] };
            Assert.Equal((variable, string.Join(',', hosts)), (variable, string.Join(',', Services.Keys.Where(host => Values(host, variable).Any()))));
            var literals = CodeSpan().Matches(told.Length > 1 ? told[1] : "").Select(match => match.Groups[1].Value).Order().ToList();
            if (literals.Count > 0) Assert.Equal((variable, string.Join(',', literals)), (variable, string.Join(',', hosts.SelectMany(host => Values(host, variable)).Distinct().Order())));
        }
    }

    [Fact]
    public void It_names_the_settings_that_others_read()
    {
        var ours = Rows.Select(row => Code(row[0]).Replace(":", "__", StringComparison.Ordinal)).ToHashSet();
        var expected = Deployment.Everything.Settings("functions").Keys.Where(name => !ours.Contains(name));
        var told = Lines().Where(cells => cells.Length == 2).SelectMany(cells => CodeSpan().Matches(cells[0]).Select(match => match.Groups[1].Value));
        Assert.Equal(expected.Order(StringComparer.Ordinal), told.Order(StringComparer.Ordinal));
    }

    /// <summary>What main.bicepparam reads, and the switches of the hooks.</summary>
    [Fact]
    public void It_has_every_variable_of_a_deployment_with_its_default()
    {
        var read = Parameter().Matches(Repository.Read("infra/main.bicepparam")).Select(match => (match.Groups[1].Value, match.Groups[2].Value))
            .Concat(Directory.GetFiles(Repository.At("infra/hooks"), "*.sh").SelectMany(file => HookDefault().Matches(File.ReadAllText(file))).Select(match => (match.Groups[1].Value, match.Groups[2].Value)))
            .Append(("KNAPSACK_TORCH_BACKEND", "cpu")).Distinct();
        var told = Lines().Where(cells => cells.Length == 3).SelectMany(cells => Codes(cells[0]).Zip(Codes(cells[1]).Concat(Enumerable.Repeat("", 9))));
        Assert.Equal(read.Where(one => one.Item1.StartsWith("KNAPSACK_", StringComparison.Ordinal)).Select(one => $"{one.Item1} = {one.Item2}").Order(StringComparer.Ordinal), told.Select(one => $"{one.First} = {one.Second}").Order(StringComparer.Ordinal));
    }

    /// <summary>Of both deployments that are checked, without what was left empty.</summary>
    private static IEnumerable<string> Values(string host, string variable) =>
        new[] { Deployment.Default, Deployment.Everything }.Select(deployment => deployment.Settings(Services[host]).GetValueOrDefault(variable)).Where(value => !string.IsNullOrEmpty(value)).Select(value => value!);

    private static IEnumerable<string> Settings(string place, object options) =>
        options.GetType().GetProperties().Where(property => property.CanWrite).SelectMany(property =>
        {
            var (name, value) = ($"{place}:{property.Name}", property.GetValue(options));
            return value is not null && value.GetType().IsClass && value is not (string or IEnumerable) ? Settings(name, value) : [$"{name} = {Text(value)}"];
        });

    private static string Text(object? value) => value switch
    {
        null => "",
        Enum one => one.ToString().ToLowerInvariant(),
        IFormattable one => one.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    /// <summary>Cells of every row of every table, heads left out.</summary>
    private static IEnumerable<string[]> Lines() => Page.Split('\n')
        .Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line[1..^1].Split('|').Select(cell => cell.Trim()).ToArray());

    private static string Code(string cell) => Codes(cell).SingleOrDefault("");

    private static IEnumerable<string> Codes(string cell) => CodeSpan().Matches(cell).Select(match => match.Groups[1].Value);

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"readEnvironmentVariable\('([A-Z_]+)', '([^']*)'\)")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\$\{(KNAPSACK_[A-Z_]+):-([^}]+)\}")]
    private static partial Regex HookDefault();
}
