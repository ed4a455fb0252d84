using Amqp;
using KnapsackCloud.Adapters.ServiceBus;
using KnapsackCloud.Adapters.Tests.Brokers;
using KnapsackCloud.Adapters.Tests.Queues;
using Microsoft.Extensions.Time.Testing;

namespace KnapsackCloud.Adapters.Tests.ServiceBus;

public class ServiceBusQueueTests : WorkQueueContract
{
    protected override Task<QueueUnderTest> CreateAsync(TimeSpan poll)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var bus = new TestBus(time);
        var lease = TimeSpan.FromSeconds(30);
        var node = bus.AddQueue("work", new BusNodeOptions { LockDuration = lease, DuplicateWindow = TimeSpan.FromMinutes(10) });
        bus.AddQueue("aside", new BusNodeOptions());
        var options = new ServiceBusOptions
        {
            ConnectionString = bus.ConnectionString,
            MaxDeliveries = QueueUnderTest.MaxDeliveries,
            Poll = poll,
            // A retry that waits on a clock that stands still waits for ever.
            RetryDelay = TimeSpan.Zero,
        };
        var client = new ServiceBusNamespace(options, time);
        return Task.FromResult(new QueueUnderTest
        {
            Queue = client.Queue("work"),
            Shortest = lease,
            Clock = time,
            // The answer to a send comes after everything that was told on the same connection before.
            ReachedAsync = () => client.Queue("aside").SendAsync(new byte[1], "aside", TimeSpan.Zero, Stop),
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
