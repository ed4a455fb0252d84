using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Infra.Tests;

/// <summary>Who may do what, whole: a right too much is as wrong as one too few.</summary>
public class RoleTests
{
    private const string Runs = "runs";
    private const string HostAccount = "host account";

    /// <summary>Of Azure itself, the same in every tenant.</summary>
    internal static readonly Dictionary<string, string> Roles = new()
    {
        ["ba92f5b4-2d11-453d-a403-e96b0029c9fe"] = "Storage Blob Data Contributor",
        ["b7e6dc6d-f1e8-4753-8033-0f276bb0955b"] = "Storage Blob Data Owner",
        ["0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"] = "Storage Table Data Contributor",
        ["4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0"] = "Azure Service Bus Data Receiver",
        ["69a216fc-b8fb-44d8-bc22-1f3c2cd27a39"] = "Azure Service Bus Data Sender",
        ["090c5cfd-751d-490a-894a-3ce6f1109419"] = "Azure Service Bus Data Owner",
        ["3913510d-42f4-4e42-8a64-420c390055eb"] = "Monitoring Metrics Publisher",
        ["7f951dda-4ed3-4680-a7ca-43fe172d538d"] = "AcrPull",
    };

    internal static IEnumerable<string> Expected =>
    [
        .. Host("functions", receives: QueueNames.All, sends: QueueNames.All),
        .. Host("worker", [QueueNames.Rollouts], [QueueNames.Rollouts, QueueNames.RolloutDone]),
        .. Host("learner", [QueueNames.Learn], [QueueNames.Learn, QueueNames.CheckpointReady]),
        $"functions: Storage Blob Data Owner on {HostAccount}",
        $"functions: Storage Table Data Contributor on {HostAccount}",
        "functions: Monitoring Metrics Publisher on components",
        "pull: AcrPull on registries",
        $"scaler: Azure Service Bus Data Owner on {QueueNames.Rollouts}",
        $"scaler: Azure Service Bus Data Owner on {QueueNames.Learn}",
    ];

    [Fact]
    public void Each_identity_has_what_it_needs_and_nothing_else() => Assert.Equal(Expected.Order(), Assignments(Deployment.Default).Order());

    [Fact]
    public void Who_deploys_may_read_and_write_the_runs() =>
        Assert.Equal(Expected.Append($"00000000-0000-0000-0000-000000000003: Storage Blob Data Contributor on {Runs}").Order(), Assignments(Deployment.Everything).Order());

    /// <summary>A host sends to its own queue what it gives back without using an attempt.</summary>
    private static IEnumerable<string> Host(string host, IEnumerable<string> receives, IEnumerable<string> sends) =>
    [
        $"{host}: Storage Blob Data Contributor on {Runs}",
        .. receives.Select(queue => $"{host}: Azure Service Bus Data Receiver on {queue}"),
        .. sends.Select(queue => $"{host}: Azure Service Bus Data Sender on {queue}"),
    ];

    private static IEnumerable<string> Assignments(Deployment deployment)
    {
        var container = deployment.Settings("functions")["Knapsack__Storage__Container"];
        foreach (var assignment in deployment.OfType("Microsoft.Authorization/roleAssignments"))
        {
            var role = Roles[assignment.Text("properties.roleDefinitionId").Split('/')[^1]];
            yield return $"{Principal(assignment)}: {role} on {Place(assignment.Scope, deployment.Settings("functions")["Knapsack__Storage__AccountName"], container)}";
        }
    }

    /// <summary>The last word of an identity's name, or an object id.</summary>
    private static string Principal(Resource assignment)
    {
        var principal = assignment.Text("properties.principalId");
        return principal.Contains("userAssignedIdentities/", StringComparison.Ordinal) ? principal.Split('\'')[1].Split('-')[^1] : principal;
    }

    private static string Place(string scope, string runsAccount, string container) =>
        scope.EndsWith($"/{runsAccount}/blobServices/default/containers/{container}", StringComparison.Ordinal) ? Runs
        : scope.StartsWith("Microsoft.Storage/storageAccounts/", StringComparison.Ordinal) && !scope.Contains(runsAccount, StringComparison.Ordinal) && !scope.Contains("/blobServices", StringComparison.Ordinal) ? HostAccount
        : scope.Contains("/queues/", StringComparison.Ordinal) ? scope.Split('/')[^1]
        : scope.Split('/')[^2];
}
