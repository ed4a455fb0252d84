using System.Text.Json.Nodes;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Functions.Api;
using Microsoft.AspNetCore.Routing;
using static KnapsackCloud.Functions.Tests.ControlPlaneUnderTest;

namespace KnapsackCloud.Functions.Tests;

/// <summary>A Functions host knows only host.json and the folders with a function.json: each has to agree with what the process answers.</summary>
public class FunctionFolderTests
{
    private static readonly string Root = Path.Combine(AppContext.BaseDirectory, "functions");

    private static Dictionary<string, JsonArray> Folders { get; } = Directory.GetFiles(Root, "function.json", SearchOption.AllDirectories).ToDictionary(
        file => Path.GetFileName(Path.GetDirectoryName(file))!, file => JsonNode.Parse(File.ReadAllText(file))!["bindings"]!.AsArray());

    [Fact]
    public async Task Every_operation_of_the_api_has_its_folder_with_the_same_method_and_route()
    {
        await using var plane = await StartAsync(underHost: true);
        var expected = plane.Get<ApiOperations>().All.Select(operation => (operation.Function, operation.Method, operation.Route)).Order();
        var found = Triggers("httpTrigger").Select(trigger => (trigger.Function, Text(trigger.Binding["methods"]!.AsArray().Single()!).ToUpperInvariant(), Text(trigger.Binding["route"]!))).Order();
        Assert.Equal(expected, found);
    }

    /// <summary>Only then does the host pass the request and the answer through unchanged.</summary>
    [Fact]
    public void Http_functions_have_exactly_the_two_bindings_that_are_forwarded()
    {
        foreach (var (function, _) in Triggers("httpTrigger"))
        {
            Assert.Equal(["httpTrigger:in:req", "http:out:res"], Folders[function].Select(binding => $"{Text(binding!["type"]!)}:{Text(binding["direction"]!)}:{Text(binding["name"]!)}"));
        }
    }

    [Fact]
    public async Task Every_other_function_has_an_endpoint_of_its_name_and_every_endpoint_a_folder()
    {
        await using var plane = await StartAsync(underHost: true);
        var endpoints = plane.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Select(endpoint => endpoint.RoutePattern.RawText!).ToList();
        var triggers = endpoints.Where(route => route.Length > 1 && char.IsUpper(route[1])).Select(route => route[1..]);
        Assert.Equal(Triggers("serviceBusTrigger").Concat(Triggers("timerTrigger")).Select(trigger => trigger.Function).Order(), triggers.Order());
    }

    [Fact]
    public void Queues_are_those_that_the_control_plane_reads_and_the_dead_letters_of_all()
    {
        string[] read = [QueueNames.Plan, QueueNames.RolloutDone, QueueNames.CheckpointReady];
        var expected = read.Concat(QueueNames.All.Select(queue => $"{queue}/$deadletterqueue"));
        Assert.Equal(expected.Order(), Triggers("serviceBusTrigger").Select(trigger => Text(trigger.Binding["queueName"]!)).Order());
        foreach (var (_, binding) in Triggers("serviceBusTrigger"))
            Assert.Equal((Functions.Triggers.Invocation.Binding, "ServiceBus", "in"), (Text(binding["name"]!), Text(binding["connection"]!), Text(binding["direction"]!)));
    }

    [Fact]
    public void Function_names_in_logs_and_code_are_the_names_of_their_queues()
    {
        foreach (var (function, binding) in Triggers("serviceBusTrigger").Where(trigger => trigger.Function.StartsWith("DeadLetter", StringComparison.Ordinal)))
            Assert.Equal(function["DeadLetter".Length..], string.Concat(Text(binding["queueName"]!).Split('/')[0].Split('-').Select(part => char.ToUpperInvariant(part[0]) + part[1..])));
    }

    [Fact]
    public void The_host_starts_this_program_and_forwards_requests_under_the_same_prefix()
    {
        var host = JsonNode.Parse(File.ReadAllText(Path.Combine(Root, "host.json")))!;
        Assert.Equal(typeof(FunctionsHost).Assembly.GetName().Name, Text(host["customHandler"]!["description"]!["defaultExecutablePath"]!));
        Assert.True(host["customHandler"]!["enableForwardingHttpRequest"]!.GetValue<bool>());
        Assert.Equal(ApiOperations.Prefix, $"/{Text(host["extensions"]!["http"]!["routePrefix"]!)}/");
        Assert.Equal("2.0", Text(host["version"]!));
    }

    private static IEnumerable<(string Function, JsonNode Binding)> Triggers(string type) =>
        Folders.Where(folder => Text(folder.Value[0]!["type"]!) == type).Select(folder => (folder.Key, folder.Value[0]!));

    private static string Text(JsonNode node) => node.GetValue<string>();
}
