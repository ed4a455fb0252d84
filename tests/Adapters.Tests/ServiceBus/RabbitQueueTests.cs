using KnapsackCloud.Adapters.ServiceBus;
using KnapsackCloud.Adapters.Tests.Brokers;
using KnapsackCloud.Adapters.Tests.Queues;

namespace KnapsackCloud.Adapters.Tests.ServiceBus;

/// <summary>The same adapter over a wire that others made: what RabbitMQ can do of the port.</summary>
public class RabbitQueueTests(RabbitServer rabbit) : WorkQueueContract
{
    protected override async Task<QueueUnderTest> CreateAsync(TimeSpan poll)
    {
        var endpoint = await rabbit.EndpointAsync();
        var name = rabbit.TakeQueue();
        var options = new ServiceBusOptions { MaxDeliveries = QueueUnderTest.MaxDeliveries, Poll = poll };
        var client = new ServiceBusNamespace(options, endpoint, RabbitServer.Profile, TimeProvider.System);
        return new QueueUnderTest
        {
            Queue = client.Queue(name),
            Shortest = TimeSpan.FromSeconds(1),
            DeadLettersAsync = () => DeadLettersAsync(endpoint, name),
            Lacks = new Dictionary<QueueFeature, string>
            {
                [QueueFeature.Delay] = "RabbitMQ's AMQP 1.0 has no scheduled messages",
                [QueueFeature.LeaseExpiry] = "RabbitMQ keeps a delivery for as long as its link lives",
                [QueueFeature.AttemptCount] = "RabbitMQ's AMQP 1.0 has no delivery count in the header",
                [QueueFeature.DuplicateDetection] = "RabbitMQ has none",
                [QueueFeature.SingleDelivery] = "RabbitMQ 3.10 grants raised credit without counting deliveries under way; the link overruns, closes, and its messages come again",
                [QueueFeature.DeadLetterReason] = "RabbitMQ's dead letters say 'rejected', whatever the reason",
            },
            Close = client.DisposeAsync,
        };
    }

    private static async Task<IReadOnlyList<DeadLetterSeen>> DeadLettersAsync(BusEndpoint endpoint, string queue)
    {
        var options = new ServiceBusOptions { Poll = TimeSpan.FromSeconds(1) };
        await using var client = new ServiceBusNamespace(options, endpoint, RabbitServer.Profile, TimeProvider.System);
        var letter = await client.Queue($"{queue}-dead").ReceiveAsync(TimeSpan.FromMinutes(1), Stop);
        if (letter is null) return [];
        await letter.SnoozeAsync(TimeSpan.Zero, Stop);
        return [new DeadLetterSeen(letter.MessageId, null)];
    }
}
