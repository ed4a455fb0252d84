using System.Text;
using KnapsackCloud.Adapters.ServiceBus;
using KnapsackCloud.Adapters.Tests.Brokers;
using KnapsackCloud.Adapters.Tests.Queues;
using KnapsackCloud.Core.Ports;
using Microsoft.Extensions.Time.Testing;

namespace KnapsackCloud.Adapters.Tests.ServiceBus;

/// <summary>A test broker with one queue, and a client of it.</summary>
internal sealed class BusBench : IAsyncDisposable
{
    public const string QueueName = "work";

    private BusBench(TimeProvider time, BusNodeOptions node, ServiceBusOptions options)
    {
        Bus = new TestBus(time);
        Node = Bus.AddQueue(QueueName, node);
        options.ConnectionString = Bus.ConnectionString;
        Options = options;
        Client = new ServiceBusNamespace(options, time);
        Queue = Client.Queue(QueueName);
    }

    public TestBus Bus { get; }
    public BusNode Node { get; }
    public ServiceBusOptions Options { get; }
    public ServiceBusNamespace Client { get; }
    public IWorkQueue Queue { get; }

    /// <summary>Broker and client on a clock that the test moves. Retries wait for nothing: on a clock that stands still they would wait for ever.</summary>
    public static (BusBench Bench, FakeTimeProvider Time) OnFakeTime(BusNodeOptions? node = null, ServiceBusOptions? options = null)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        options ??= new ServiceBusOptions();
        options.RetryDelay = TimeSpan.Zero;
        return (new BusBench(time, node ?? new BusNodeOptions(), options), time);
    }

    /// <summary>For what involves retries: short ones, in real time.</summary>
    public static BusBench OnRealTime(ServiceBusOptions? options = null)
    {
        options ??= new ServiceBusOptions();
        options.RetryDelay = TimeSpan.FromMilliseconds(5);
        options.MaxRetryDelay = TimeSpan.FromMilliseconds(50);
        return new BusBench(TimeProvider.System, new BusNodeOptions(), options);
    }

    public Task SendAsync(string id, TimeSpan delay = default) =>
        Queue.SendAsync(Encoding.UTF8.GetBytes($"body of {id}"), id, delay, TestContext.Current.CancellationToken);

    public async Task<ILease> ReceiveAsync()
    {
        var lease = await Queue.ReceiveAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken)
            .WaitAsync(QueueUnderTest.Patience, TestContext.Current.CancellationToken);
        Assert.NotNull(lease);
        return lease;
    }

    /// <summary>Settlements travel without an answer: waits until the broker has seen them.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(QueueUnderTest.Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!condition()) await pause.WaitForNextTickAsync(deadline.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        Bus.Dispose();
    }
}
