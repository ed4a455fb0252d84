using System.Globalization;
using System.Xml;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Publish;

namespace KnapsackCloud.Infra.Tests;

/// <summary>Queues as the code wants them, and what starts by their messages.</summary>
public class QueueTests
{
    public static TheoryData<string> All => new("main", "everything");

    private static Deployment Of(string parameters) => parameters == "main" ? Deployment.Default : Deployment.Everything;

    private static IEnumerable<Resource> Queues(string parameters) => Of(parameters).OfType("Microsoft.ServiceBus/namespaces/queues");

    [Theory, MemberData(nameof(All))]
    public void There_is_every_queue_of_the_code_and_no_other(string parameters) =>
        Assert.Equal(QueueNames.All.Order(), Queues(parameters).Select(queue => queue.Name.Split('/')[^1]).Order());

    [Theory, MemberData(nameof(All))]
    public void A_message_is_locked_delivered_again_and_given_up_as_the_hosts_count_on(string parameters)
    {
        var lease = TimeSpan.Parse(Of(parameters).Settings("gpu-worker")["Knapsack__Pump__Lease"], CultureInfo.InvariantCulture);
        foreach (var queue in Queues(parameters))
        {
            Assert.Equal(("PT5M", lease), (queue.Text("properties.lockDuration"), Span(queue, "lockDuration")));
            Assert.Equal(new PumpOptions().MaxAttempts, queue["properties.maxDeliveryCount"]!.GetValue<int>());
            Assert.Equal(("true", "true"), (queue.Text("properties.requiresDuplicateDetection"), queue.Text("properties.deadLetteringOnMessageExpiration")));
        }
    }

    /// <summary>What the watchdog sends again has the id it had: the queue must have forgotten it.</summary>
    [Theory, MemberData(nameof(All))]
    public void Duplicates_are_forgotten_before_the_watchdog_sends_again(string parameters) =>
        Assert.All(Queues(parameters), queue => Assert.InRange(Span(queue, "duplicateDetectionHistoryTimeWindow"), TimeSpan.FromSeconds(20), new WatchdogOptions().Interval));

    [Theory]
    [InlineData("main", "gpu-worker", QueueNames.Rollouts)]
    [InlineData("main", "learner", QueueNames.Learn)]
    [InlineData("everything", "gpu-worker", QueueNames.Rollouts)]
    [InlineData("everything", "learner", QueueNames.Learn)]
    public void Messages_of_its_own_queue_start_a_host(string parameters, string service, string queue)
    {
        var host = Of(parameters).Host(service);
        var rule = Assert.Single((host["properties.configuration.eventTriggerConfig.scale.rules"] ?? host["properties.template.scale.rules"])!.AsArray())!;
        var scaler = rule["custom"] ?? rule;
        Assert.Equal("azure-servicebus", scaler["type"]!.ToString());
        Assert.EndsWith("-scaler", scaler["identity"]!.ToString(), StringComparison.Ordinal);
        var metadata = scaler["metadata"]!.AsObject();
        Assert.All(metadata, member => Assert.Equal(System.Text.Json.JsonValueKind.String, member.Value!.GetValueKind()));
        Assert.Equal((queue, Of(parameters).OfType("Microsoft.ServiceBus/namespaces").Single().Name), (metadata["queueName"]!.ToString(), metadata["namespace"]!.ToString()));
        Assert.InRange(int.Parse(metadata["messageCount"]!.ToString(), CultureInfo.InvariantCulture), 1, 100);
    }

    [Fact]
    public void Jobs_cap_what_they_cost_and_never_hide_a_failure()
    {
        var (worker, learner) = (Deployment.Default.Host("gpu-worker"), Deployment.Default.Host("learner"));
        Assert.Equal((2, 1), (MaxExecutions(worker), MaxExecutions(learner)));
        Assert.All([worker, learner], job => Assert.Equal(("Event", "0", "43200", "0"), (
            job.Text("properties.configuration.triggerType"), job.Text("properties.configuration.replicaRetryLimit"), job.Text("properties.configuration.replicaTimeout"),
            job.Text("properties.configuration.eventTriggerConfig.scale.minExecutions"))));
    }

    private static int MaxExecutions(Resource job) => job["properties.configuration.eventTriggerConfig.scale.maxExecutions"]!.GetValue<int>();

    private static TimeSpan Span(Resource queue, string property) => XmlConvert.ToTimeSpan(queue.Text($"properties.{property}"));
}
