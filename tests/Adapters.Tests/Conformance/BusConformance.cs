using Amqp;
using KnapsackCloud.Adapters.ServiceBus;
using KnapsackCloud.Adapters.Tests.Brokers;
using Microsoft.Extensions.Time.Testing;

namespace KnapsackCloud.Adapters.Tests.Conformance;

public class ServiceBusQueueConformance : WorkQueueConformance
{
    protected override Task<QueueUnderTest> CreateAsync(TimeSpan poll)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var bus = new TestBus(time);
        var lease = TimeSpan.FromSeconds(30);
        var node = bus.AddQueue("work", new BusNodeOptions { LockDuration = lease, DuplicateWindow = TimeSpan.FromMinutes(10) });
        var options = new ServiceBusOptions { ConnectionString = bus.ConnectionString, MaxDeliveries = QueueUnderTest.MaxDeliveries, Poll = poll };
        var client = new ServiceBusNamespace(options, time);
        return Task.FromResult(new QueueUnderTest
        {
            Queue = client.Queue("work"),
            Shortest = lease,
            Clock = time,
            DeadLettersAsync = () => Task.FromResult<IReadOnlyList<DeadLetterSeen>>([.. node.DeadLetters!.Peek().Select(Seen)]),
            Close = async () =>
            {
                await client.DisposeAsync();
                bus.Dispose();
            },
        });
    }

    private static DeadLetterSeen Seen(Message letter) =>
        new(BusMessages.Read(letter)!.Id, letter.ApplicationProperties["DeadLetterErrorDescription"] as string);
}

/// <summary>The same adapter over a wire that others made: what RabbitMQ can do of the port.</summary>
public class RabbitQueueConformance(RabbitServer rabbit) : WorkQueueConformance
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
