using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using KnapsackCloud.Functions;
using KnapsackCloud.Hosting;
using Microsoft.Extensions.Logging;

namespace KnapsackCloud.Infra.Tests;

/// <summary>Alerts look for what the hosts write.</summary>
public partial class AlertTests
{
    [Theory]
    [InlineData("main")]
    [InlineData("everything")]
    public void There_is_an_alert_for_whatever_needs_somebody(string parameters)
    {
        var deployment = parameters == "main" ? Deployment.Default : Deployment.Everything;
        var names = deployment.OfType("Microsoft.Insights/scheduledQueryRules").Concat(deployment.OfType("Microsoft.Insights/metricAlerts")).Select(alert => alert.Name[(alert.Name.IndexOf('-', StringComparison.Ordinal) + 1)..]);
        Assert.Equal(["dead-letters", "execution-failed", "run-failed", "run-stands-still"], names.Order());
        Assert.Equal("DeadletteredMessages", deployment.OfType("Microsoft.Insights/metricAlerts").Single()["properties.criteria.allOf"]![0]!["metricName"]!.ToString());
        Assert.Equal(parameters != "main", deployment.OfType("Microsoft.Insights/actionGroups").Any());
    }

    [Fact]
    public void Failed_executions_are_those_of_the_jobs_there_are()
    {
        Assert.Contains("""JobName in ("ca-knapsack-worker", "ca-knapsack-learner")""", Query(Deployment.Default, "execution-failed"), StringComparison.Ordinal);
        Assert.Contains("""JobName in ("ca-everything-learner")""", Query(Deployment.Everything, "execution-failed"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_stands_still_is_found_by_the_line_that_the_watchdog_writes() =>
        Assert.Contains($"""Line has "{Phrase(typeof(FunctionsHost).Assembly, 410, " stood still: message ").Trim()}" """.TrimEnd(), Query(Deployment.Default, "run-stands-still"), StringComparison.Ordinal);

    [Fact]
    public void A_run_that_failed_is_found_by_the_line_that_its_status_writes()
    {
        var line = Phrase(typeof(LogObserver).Assembly, 100, "Run {Run} is {State} in {Phase}");
        var pattern = Pattern().Match(Query(Deployment.Default, "run-failed")).Groups[1].Value;
        string Line(string state) => line.Replace("{Run}", "arithmetic-1", StringComparison.Ordinal).Replace("{State}", state, StringComparison.Ordinal).Replace("{Phase}", "Rollout", StringComparison.Ordinal);
        Assert.Matches(pattern, Line(nameof(Core.Contracts.RunState.Failed)));
        Assert.DoesNotMatch(pattern, Line(nameof(Core.Contracts.RunState.Running)));
    }

    [Fact]
    public void The_page_about_operating_has_every_event()
    {
        Assembly[] assemblies = [typeof(LogObserver).Assembly, typeof(FunctionsHost).Assembly, typeof(GpuWorker.WorkerHost).Assembly, typeof(Learner.LearnerHost).Assembly];
        var told = Repository.Read("docs/operate.md").Split('\n').Where(line => EventRow().IsMatch(line)).SelectMany(line => line.Split('|')[1].Split(',')).Select(id => int.Parse(id, CultureInfo.InvariantCulture));
        Assert.Equal(assemblies.SelectMany(Messages).Select(message => message.EventId).Order(), told.Order());
    }

    private static string Query(Deployment deployment, string alert) => deployment.Named("Microsoft.Insights/scheduledQueryRules", alert)["properties.criteria.allOf"]![0]!["query"]!.ToString();

    /// <summary>Part of the line that an event writes; fails when it is no part of it any more.</summary>
    private static string Phrase(Assembly assembly, int eventId, string part)
    {
        var message = Messages(assembly).Single(one => one.EventId == eventId).Message;
        Assert.Contains(part, message, StringComparison.Ordinal);
        return part;
    }

    private static IEnumerable<LoggerMessageAttribute> Messages(Assembly assembly)
    {
        const BindingFlags Any = BindingFlags.Instance | BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        return assembly.GetTypes().SelectMany(type => type.GetMethods(Any)).Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>();
    }

    [GeneratedRegex(@"^\| \d[\d, ]* \|")]
    private static partial Regex EventRow();

    [GeneratedRegex("@\"(.*)\"")]
    private static partial Regex Pattern();
}
