using System.Text.Json.Nodes;
using KnapsackCloud.Core.Estimate;
using KnapsackCloud.Functions;
using KnapsackCloud.GpuWorker;
using KnapsackCloud.Hosting;
using KnapsackCloud.Learner;
using KnapsackCloud.Model.Transformer;
using Microsoft.Extensions.Configuration;

namespace KnapsackCloud.Infra.Tests;

/// <summary>Each host reads the settings it is deployed with as it would at its start, and finds there what it needs.</summary>
public class SettingTests
{
    /// <summary>For the Functions host and its telemetry.</summary>
    private static readonly string[] OfThePlatform =
    [
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "AzureWebJobsStorage__blobServiceUri", "AzureWebJobsStorage__clientId", "AzureWebJobsStorage__credential", "AzureWebJobsStorage__tableServiceUri",
    ];

    private static readonly string[] OurSections = [KnapsackOptions.Section, FunctionsOptions.Section, WorkerOptions.Section, LearnerOptions.Section];

    public static TheoryData<string> All => new("main", "everything");

    private static Deployment Of(string parameters) => parameters == "main" ? Deployment.Default : Deployment.Everything;

    [Theory, MemberData(nameof(All))]
    public void The_control_plane_starts_with_its_settings(string parameters)
    {
        var options = Read<FunctionsOptions>(parameters, "functions", FunctionsOptions.Section);
        Assert.Equal(parameters == "main" ? null : "t4", options.Gpu);
    }

    [Theory, MemberData(nameof(All))]
    public void The_worker_starts_with_its_settings(string parameters)
    {
        var options = Read<WorkerOptions>(parameters, "gpu-worker", WorkerOptions.Section);
        // Without a GPU profile there is no GPU to insist on; with one, a replica without it must not crawl on. A job
        // ends when it is idle, an app is scaled in.
        Assert.Equal(parameters == "main" ? (DeviceChoice.Cpu, TimeSpan.FromMinutes(1)) : (DeviceChoice.Cuda, TimeSpan.Zero), (options.Device, options.IdleExit));
    }

    [Theory, MemberData(nameof(All))]
    public void The_learner_starts_with_its_settings_and_stays_through_the_rollouts_of_a_step(string parameters)
    {
        var options = Read<LearnerOptions>(parameters, "learner", LearnerOptions.Section);
        Assert.Equal((parameters == "main" ? DeviceChoice.Cpu : DeviceChoice.Cuda, TimeSpan.FromMinutes(5)), (options.Device, options.IdleExit));
    }

    [Theory, MemberData(nameof(All))]
    public void The_containers_that_the_hosts_open_are_there(string parameters)
    {
        var deployment = Of(parameters);
        var containers = deployment.OfType("Microsoft.Storage/storageAccounts/blobServices/containers").Select(container => container.Name).ToList();
        var runs = deployment.Settings("functions");
        Assert.Equal(2, containers.Count);
        Assert.Contains($"{runs["Knapsack__Storage__AccountName"]}/default/{runs["Knapsack__Storage__Container"]}", containers);
        var package = deployment.Host("functions").Text("properties.functionAppConfig.deployment.storage.value");
        Assert.Contains(containers, container => container.Split('/') is [var account, _, var name] && package.Contains(account, StringComparison.Ordinal) && package.Contains($"'{name}'", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(All))]
    public void Triggers_find_their_connection(string parameters)
    {
        var settings = Of(parameters).Settings("functions");
        var connections = Directory.GetFiles(Repository.At("functions"), "function.json", SearchOption.AllDirectories)
            .SelectMany(file => JsonNode.Parse(File.ReadAllText(file))!["bindings"]!.AsArray()).Select(binding => binding!["connection"]?.ToString()).OfType<string>().Distinct().ToList();
        Assert.Equal(["ServiceBus"], connections);
        foreach (var connection in connections)
        {
            Assert.Equal(settings["Knapsack__ServiceBus__FullyQualifiedNamespace"], settings[$"{connection}__fullyQualifiedNamespace"]);
            Assert.Equal(("managedidentity", $"client id of id-{Name(parameters)}-functions"), (settings[$"{connection}__credential"], settings[$"{connection}__clientId"]));
        }
        var others = settings.Keys.Where(name => !connections.Any(connection => name.StartsWith($"{connection}__", StringComparison.Ordinal)) && !OurSections.Contains(name.Split("__")[0]));
        string[] telemetry = parameters == "main" ? [] : [Hosting.Telemetry.Telemetry.EndpointVariable];
        Assert.Equal(OfThePlatform.Concat(telemetry).Order(StringComparer.Ordinal), others.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_custom_handler_on_Flex_Consumption()
    {
        var app = Deployment.Default.Host("functions");
        Assert.Equal(("custom", "1.0"), (app.Text("properties.functionAppConfig.runtime.name"), app.Text("properties.functionAppConfig.runtime.version")));
        Assert.Equal(("FlexConsumption", "FC1"), (Deployment.Default.OfType("Microsoft.Web/serverfarms").Single().Text("sku.tier"), Deployment.Default.OfType("Microsoft.Web/serverfarms").Single().Text("sku.name")));
    }

    [Theory]
    [InlineData("functions")]
    [InlineData("gpu-worker")]
    [InlineData("learner")]
    public void A_collector_is_told_to_every_host(string service)
    {
        Assert.Equal("http://collector.example.org:4317", Deployment.Everything.Settings(service)[Hosting.Telemetry.Telemetry.EndpointVariable]);
        Assert.False(Deployment.Default.Settings(service).ContainsKey(Hosting.Telemetry.Telemetry.EndpointVariable));
    }

    [Fact]
    public void Instances_that_stay_up_are_those_of_functions_that_are_there()
    {
        Assert.Empty(Deployment.Default.Host("functions")["properties.functionAppConfig.scaleAndConcurrency.alwaysReady"]!.AsArray());
        var kept = Deployment.Everything.Host("functions")["properties.functionAppConfig.scaleAndConcurrency.alwaysReady"]!.AsArray().Select(one => one!["name"]!.ToString()).ToList();
        Assert.Equal("http", kept[0]);
        Assert.Equal(3, kept.Count - 1);
        Assert.All(kept.Skip(1), name => Assert.True(File.Exists(Repository.At($"functions/{name["function:".Length..]}/function.json")), name));
    }

    /// <summary>What is priced is what runs.</summary>
    [Fact]
    public void A_GPU_replica_has_the_size_that_its_price_is_for()
    {
        var t4 = PriceList.Current.Gpus.Single(gpu => gpu.Name == "t4");
        Assert.Equal("Consumption-GPU-NC8as-T4", Deployment.Everything.OfType("Microsoft.App/managedEnvironments").Single()["properties.workloadProfiles"]![1]!["workloadProfileType"]!.ToString());
        foreach (var service in new[] { "gpu-worker", "learner" })
        {
            var host = Deployment.Everything.Host(service);
            var resources = host["properties.template.containers"]![0]!["resources"]!;
            Assert.Equal(("gpu", $"{t4.Cpus}", $"{t4.Gibibytes}Gi"), (host.Text("properties.workloadProfileName"), resources["cpu"]!.ToString(), resources["memory"]!.ToString()));
        }
    }

    /// <summary>Unknown names and wrong values are errors of the host; what comes from elsewhere than these settings is not there.</summary>
    private static TOptions Read<TOptions>(string parameters, string service, string section) where TOptions : class, new()
    {
        var deployment = Of(parameters);
        var settings = deployment.Settings(service);
        var foreign = OurSections.Where(name => name != section && name != KnapsackOptions.Section);
        Assert.DoesNotContain(settings.Keys, name => foreign.Contains(name.Split("__")[0]));
        var values = settings.Where(setting => OurSections.Contains(setting.Key.Split("__")[0])).Select(setting => KeyValuePair.Create(setting.Key.Replace("__", ":", StringComparison.Ordinal), (string?)setting.Value));
        var (shared, own) = HostProgram.ReadSettings<TOptions>(new ConfigurationBuilder().AddInMemoryCollection(values).Build(), section, (_, _, _) => { });

        var identity = $"client id of id-{Name(parameters)}-{service.Split('-')[^1]}";
        Assert.Equal(StoreKind.Azure, shared.Store);
        Assert.Equal((identity, identity), (shared.Storage!.ManagedIdentityClientId, shared.ServiceBus!.ManagedIdentityClientId));
        Assert.Contains(deployment.OfType("Microsoft.Storage/storageAccounts"), account => account.Name == shared.Storage.AccountName);
        Assert.Equal($"{deployment.OfType("Microsoft.ServiceBus/namespaces").Single().Name}.servicebus.windows.net", shared.ServiceBus.FullyQualifiedNamespace);
        Assert.Null(shared.Storage.ConnectionString);
        Assert.Null(shared.ServiceBus.ConnectionString);
        return own;
    }

    private static string Name(string parameters) => parameters == "main" ? "knapsack" : parameters;
}
