using KnapsackCloud.Adapters.ServiceBus;
using KnapsackCloud.Adapters.Tests.Brokers;
using KnapsackCloud.Adapters.Tests.Queues;

namespace KnapsackCloud.Adapters.Tests.ServiceBus;

public class LockTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_renewed_lock_outlives_its_duration_and_an_unrenewed_one_does_not()
    {
        var (bench, time) = BusBench.OnFakeTime(new BusNodeOptions { LockDuration = TimeSpan.FromSeconds(30) });
        await using var owned = bench;
        await bench.SendAsync("a");
        var lease = await bench.ReceiveAsync();

        time.Advance(TimeSpan.FromSeconds(20));
        Assert.True(await lease.RenewAsync(TimeSpan.FromSeconds(30), Stop));
        time.Advance(TimeSpan.FromSeconds(20));
        Assert.True(await lease.RenewAsync(TimeSpan.FromSeconds(30), Stop));
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.False(await lease.RenewAsync(TimeSpan.FromSeconds(30), Stop));
        Assert.Equal(2, (await bench.ReceiveAsync()).Attempt);
    }

    [Fact]
    public async Task A_message_is_settled_by_its_lock_when_its_link_is_gone()
    {
        await using var bench = BusBench.OnRealTime();
        await bench.SendAsync("a");
        await bench.SendAsync("b");
        await bench.SendAsync("c");
        var (complete, abandon, reject) = (await bench.ReceiveAsync(), await bench.ReceiveAsync(), await bench.ReceiveAsync());

        bench.Bus.DropConnections();

        Assert.True(await complete.RenewAsync(TimeSpan.FromSeconds(60), Stop));
        await complete.CompleteAsync(Stop);
        await abandon.AbandonAsync(Stop);
        await reject.RejectAsync("bad plan", Stop);
        var again = await bench.ReceiveAsync();
        Assert.Equal(("b", 2), (again.MessageId, again.Attempt));
        await again.CompleteAsync(Stop);
        await BusBench.UntilAsync(() => bench.Node.Count == 0);
        Assert.Equal("bad plan", Assert.Single(bench.Node.DeadLetters!.Peek()).ApplicationProperties["DeadLetterErrorDescription"]);
    }

    [Fact]
    public async Task A_snoozed_message_passes_duplicate_detection_and_keeps_its_attempts()
    {
        var (bench, time) = BusBench.OnFakeTime(new BusNodeOptions { DuplicateWindow = TimeSpan.FromHours(1) });
        await using var owned = bench;
        await bench.SendAsync("a");
        await (await bench.ReceiveAsync()).AbandonAsync(Stop);

        for (var snoozes = 0; snoozes < 3; snoozes++)
        {
            var lease = await bench.ReceiveAsync();
            Assert.Equal(("a", 2), (lease.MessageId, lease.Attempt));
            await lease.SnoozeAsync(TimeSpan.FromMinutes(1), Stop);
            await BusBench.UntilAsync(() => bench.Node.Count == 1);
            time.Advance(TimeSpan.FromMinutes(1));
        }
        await (await bench.ReceiveAsync()).AbandonAsync(Stop);
        Assert.Equal(3, (await bench.ReceiveAsync()).Attempt);
    }

    [Fact]
    public async Task A_snooze_under_a_lost_lock_makes_no_copy()
    {
        var (bench, time) = BusBench.OnFakeTime();
        await using var owned = bench;
        await bench.SendAsync("a");
        var lost = await bench.ReceiveAsync();
        time.Advance(TimeSpan.FromSeconds(61));
        var held = await bench.ReceiveAsync();

        await lost.SnoozeAsync(TimeSpan.Zero, Stop);

        Assert.Equal(1, bench.Node.Count);
        Assert.True(await held.RenewAsync(TimeSpan.FromSeconds(60), Stop));
    }

    [Fact]
    public async Task A_message_that_no_receive_waits_for_is_given_back_at_once_without_using_an_attempt()
    {
        var (bench, time) = BusBench.OnFakeTime();
        await using var owned = bench;
        using var ended = new CancellationTokenSource();
        var receive = bench.Queue.ReceiveAsync(TimeSpan.FromSeconds(60), ended.Token);
        await BusBench.UntilAsync(() => bench.Bus.Attached == 1);
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receive);
        await bench.SendAsync("a");

        await using var other = new ServiceBusNamespace(bench.Options, time);
        var lease = await other.Queue(BusBench.QueueName).ReceiveAsync(TimeSpan.FromSeconds(60), Stop).WaitAsync(QueueUnderTest.Patience, Stop);

        Assert.Equal(("a", 1), (lease!.MessageId, lease.Attempt));
    }

    [Fact]
    public async Task The_adapter_counts_deliveries_through_snoozes_and_buries_a_message_that_nobody_settles()
    {
        var (bench, _) = BusBench.OnFakeTime(options: new ServiceBusOptions { MaxDeliveries = 2 });
        await using var owned = bench;
        await bench.SendAsync("a");
        for (var attempts = 0; attempts < 2; attempts++)
        {
            await (await bench.ReceiveAsync()).SnoozeAsync(TimeSpan.Zero, Stop);
            await (await bench.ReceiveAsync()).AbandonAsync(Stop);
        }
        var next = bench.ReceiveAsync();
        await BusBench.UntilAsync(() => bench.Node.DeadLetters!.Count == 1);
        Assert.Equal("delivered 2 times without being settled", bench.Node.DeadLetters!.Peek()[0].ApplicationProperties["DeadLetterErrorDescription"]);

        await bench.SendAsync("b");
        Assert.Equal("b", (await next).MessageId);
    }
}
