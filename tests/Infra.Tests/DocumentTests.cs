using System.Globalization;
using System.Text.RegularExpressions;
using KnapsackCloud.Core.Estimate;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Infra.Tests;

/// <summary>What the pages about a deployment say holds: roles, prices, alerts, links.</summary>
public partial class DocumentTests
{
    [Fact]
    public void The_identities_on_the_page_about_security_are_those_that_are_made()
    {
        var told = Rows("docs/security.md").Where(cells => cells is [_, _, _, _] && RoleTests.Roles.ContainsValue(cells[1]))
            .SelectMany(cells => Places(cells[2]).Select(place => $"{cells[0]}: {cells[1]} on {place}"));
        Assert.Equal(RoleTests.Expected.Order(StringComparer.Ordinal), told.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Prices_are_those_of_the_list()
    {
        var page = Repository.Read("docs/deploy.md");
        var prices = PriceList.Current;
        Assert.Contains($"US dollars as of {prices.Date}", page, StringComparison.Ordinal);
        foreach (var gpu in prices.Gpus) Assert.Contains(Invariant($"| `{gpu.Name}` | {gpu.PerHour} + {gpu.Cpus} x {prices.CpuPerHour} + {gpu.Gibibytes} x {prices.GibibytePerHour} = ${prices.ReplicaPerHour(gpu.Name):F3} |"), page, StringComparison.Ordinal);
        var none = (4 * prices.CpuPerHour) + (8 * prices.GibibytePerHour);
        Assert.Contains(Invariant($"| `none` | 4 x {prices.CpuPerHour} + 8 x {prices.GibibytePerHour} = ${none:F3} |"), page, StringComparison.Ordinal);
        var resources = Deployment.Default.Host("gpu-worker")["properties.template.containers"]![0]!["resources"]!;
        Assert.Equal(("4", "8Gi"), (resources["cpu"]!.ToString(), resources["memory"]!.ToString()));
        Assert.Contains(Invariant($"3 x 3 x ${none:F3} = ${9 * none:F2}; Service Bus adds 3 / 730 x ${prices.ServiceBusPerMonth} = ${3.0 / 730 * prices.ServiceBusPerMonth:F2}."), page, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_alert_has_its_line_on_the_page_about_operating()
    {
        var alerts = Deployment.Default.OfType("Microsoft.Insights/scheduledQueryRules").Concat(Deployment.Default.OfType("Microsoft.Insights/metricAlerts")).Select(alert => alert.Name.Replace("knapsack-", "NAME-", StringComparison.Ordinal));
        var told = Rows("docs/operate.md").Where(cells => cells[0].StartsWith("`NAME-", StringComparison.Ordinal)).Select(cells => cells[0].Trim('`'));
        Assert.Equal(alerts.Order(StringComparer.Ordinal), told.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Links_lead_to_pages_and_headings_that_are_there()
    {
        var pages = Directory.GetFiles(Repository.At("docs"), "*.md", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Repository.Root, file)).Append("README.md").Append("CONTRIBUTING.md").ToList();
        Assert.Equal([], pages.SelectMany(page => Link().Matches(Repository.Read(page)).Select(link => link.Groups[1].Value).Where(link => !Leads(page, link)).Select(link => $"{page}: {link}")));
    }

    private static bool Leads(string page, string link)
    {
        if (link.Contains("://", StringComparison.Ordinal)) return true;
        var (path, heading) = link.Split('#') is [var first, var second] ? (first, second) : (link, "");
        var target = path == "" ? Repository.At(page) : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Repository.At(page))!, path));
        return heading == "" ? Path.Exists(target) : File.Exists(target) && Heading().Matches(File.ReadAllText(target)).Any(line => Anchor(line.Groups[1].Value) == heading);
    }

    private static string Anchor(string heading) => string.Concat(heading.ToLowerInvariant().Where(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '-')).Replace(' ', '-');

    private static IEnumerable<string> Places(string cell) => cell == "every queue" ? QueueNames.All : cell.Split(", ");

    private static IEnumerable<string[]> Rows(string page) => Repository.Read(page).Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line[1..^1].Split('|').Select(cell => cell.Trim()).ToArray());

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("(?m)^#+ (.+)$")]
    private static partial Regex Heading();
}
