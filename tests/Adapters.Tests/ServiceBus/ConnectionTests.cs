using System.Diagnostics;
using System.Text;
using Amqp;
using Amqp.Framing;
using Azure.Core;
using KnapsackCloud.Adapters.ServiceBus;
using KnapsackCloud.Adapters.Tests.Brokers;
using KnapsackCloud.Core.Ports;
using Microsoft.Extensions.Time.Testing;

namespace KnapsackCloud.Adapters.Tests.ServiceBus;

public class ConnectionTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_receive_that_waits_goes_on_after_the_connection_was_dropped()
    {
        await using var bench = BusBench.OnRealTime();
        var receive = bench.ReceiveAsync();
        await BusBench.UntilAsync(() => bench.Bus.Attached == 1);

        bench.Bus.DropConnections();
        await BusBench.UntilAsync(() => bench.Bus.Attached == 2);
        await bench.SendAsync("a");

        Assert.Equal("a", (await receive).MessageId);
    }

    [Fact]
    public async Task A_link_that_the_broker_detached_is_attached_again()
    {
        await using var bench = BusBench.OnRealTime();
        await bench.SendAsync("a");

        bench.Bus.DetachLinks();
        await bench.SendAsync("b");

        Assert.Equal("a", (await bench.ReceiveAsync()).MessageId);
        Assert.Equal("b", (await bench.ReceiveAsync()).MessageId);
    }

    [Fact]
    public async Task A_broker_that_was_away_for_a_while_is_found_again()
    {
        await using var bench = BusBench.OnRealTime(new ServiceBusOptions { MaxRetries = 20, BreakAfter = 1000 });
        await bench.SendAsync("a");
        bench.Bus.Stop();
        var send = bench.SendAsync("b");

        bench.Bus.Resume();
        await send;

        // One that was on its way may have come twice.
        Assert.Equal(["a", "b"], bench.Node.Peek().Select(message => message.Properties.MessageId).Distinct());
    }

    [Fact]
    public async Task A_busy_broker_is_asked_again_and_a_full_queue_is_not()
    {
        await using var bench = BusBench.OnRealTime();
        bench.Bus.FailSends(2, "com.microsoft:server-busy");
        await bench.SendAsync("a");
        Assert.Equal(1, bench.Node.Count);

        bench.Bus.FailSends(1, ErrorCode.ResourceLimitExceeded);
        var error = await Assert.ThrowsAsync<QueueException>(() => bench.SendAsync("b"));
        Assert.Contains("is full: let its receivers catch up", error.Message);
    }

    [Fact]
    public async Task A_namespace_that_answers_nobody_is_left_alone_until_its_break_ends()
    {
        await using var bench = BusBench.OnRealTime(new ServiceBusOptions { MaxRetries = 4, BreakAfter = 3, BreakDuration = TimeSpan.FromSeconds(0.5) });
        bench.Bus.FailSends(int.MaxValue, "com.microsoft:server-busy");

        var broken = await Assert.ThrowsAsync<QueueException>(() => bench.SendAsync("a"));
        Assert.Contains("is left alone for a while", broken.Message);
        bench.Bus.FailSends(0, "");

        await BusBench.UntilAsync(() => bench.SendAsync("b").ContinueWith(send => send.IsCompletedSuccessfully, TaskScheduler.Default).Result);
        Assert.Equal(1, bench.Node.Count);
    }

    [Fact]
    public async Task A_wrong_key_and_a_missing_queue_are_told_apart_with_their_cures()
    {
        await using var bench = BusBench.OnRealTime();
        var missing = await Assert.ThrowsAsync<QueueException>(() => bench.Client.Queue("nowhere").SendAsync(new byte[] { 1 }, "a", TimeSpan.Zero, Stop));
        Assert.Contains($"127.0.0.1:{bench.Bus.Port}/nowhere' is not there: create the queue", missing.Message);

        var shown = bench.Bus.Claims.Shown.Count;
        var options = new ServiceBusOptions { ConnectionString = bench.Bus.ConnectionString.Replace(BusClaims.Key, "guess", StringComparison.Ordinal) };
        await using var stranger = new ServiceBusNamespace(options, TimeProvider.System);
        var refused = await Assert.ThrowsAsync<QueueException>(() => stranger.Queue(BusBench.QueueName).ReceiveAsync(Lease, Stop));
        Assert.Contains("refused the identity: give it the roles", refused.Message);
        Assert.Equal(shown + 1, bench.Bus.Claims.Shown.Count);
    }

    [Fact]
    public async Task A_fresh_token_is_shown_before_the_last_one_expires()
    {
        var (bench, time) = BusBench.OnFakeTime();
        await using var owned = bench;
        await bench.SendAsync("a");
        Assert.Single(bench.Bus.Claims.Shown);

        time.Advance(TimeSpan.FromMinutes(46));
        await BusBench.UntilAsync(() => bench.Bus.Claims.Shown.Count == 2);

        Assert.Equal([$"amqp://127.0.0.1/{BusBench.QueueName}"], bench.Bus.Claims.Shown.Distinct());
    }

    [Fact]
    public async Task An_identity_shows_its_token_of_the_service()
    {
        var time = new FakeTimeProvider();
        using var bus = new TestBus(time);
        var node = bus.AddQueue("work", new BusNodeOptions());
        bus.Claims.Bearers["token-of-the-service"] = true;
        var tokens = new EntraTokens(new OneToken("token-of-the-service", time.GetUtcNow() + TimeSpan.FromHours(1)));
        var resilience = BusResilience.Create(new ServiceBusOptions(), time);
        await using var connection = new BusConnection(new BusEndpoint("127.0.0.1", bus.Port, Tls: false), BusProfile.ServiceBus, tokens, resilience, time);

        await new ServiceBusQueue("work", connection, BusProfile.ServiceBus, new ServiceBusOptions(), time).SendAsync("x"u8.ToArray(), "a", TimeSpan.Zero, Stop);

        Assert.Equal(1, node.Count);
    }

    [Fact]
    public async Task The_senders_trace_reaches_the_receiver_through_a_snooze()
    {
        var (bench, _) = BusBench.OnFakeTime();
        await using var owned = bench;
        using var activity = new Activity("step").SetIdFormat(ActivityIdFormat.W3C).Start();
        await bench.SendAsync("a");
        var trace = activity.Id;
        activity.Stop();

        var lease = await bench.ReceiveAsync();
        Assert.Equal(trace, lease.TraceParent);
        await lease.SnoozeAsync(TimeSpan.Zero, Stop);
        Assert.Equal(trace, (await bench.ReceiveAsync()).TraceParent);
    }

    [Fact]
    public async Task A_message_of_another_program_goes_to_the_dead_letters()
    {
        var (bench, _) = BusBench.OnFakeTime();
        await using var owned = bench;
        bench.Node.Send(new Message { BodySection = new AmqpValue { Value = 42 }, Properties = new Properties { MessageId = "stranger" } });
        await bench.SendAsync("ours");

        Assert.Equal("ours", (await bench.ReceiveAsync()).MessageId);
        await BusBench.UntilAsync(() => bench.Node.DeadLetters!.Count == 1);
        Assert.Contains("not a message of this program", (string)bench.Node.DeadLetters!.Peek()[0].ApplicationProperties["DeadLetterErrorDescription"]);
    }

    [Fact]
    public async Task Many_receives_at_once_get_each_message_once()
    {
        var (bench, _) = BusBench.OnFakeTime();
        await using var owned = bench;
        var receives = Enumerable.Range(0, 20).Select(_ => bench.ReceiveAsync()).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => bench.SendAsync($"m{i:D2}")));

        var ids = (await Task.WhenAll(receives)).Select(lease => lease.MessageId).Order();

        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"m{i:D2}"), ids);
    }

    [Fact]
    public async Task Bodies_come_back_as_they_were_sent_up_to_a_quarter_of_a_megabyte()
    {
        var (bench, _) = BusBench.OnFakeTime();
        await using var owned = bench;
        foreach (var length in new[] { 0, 1, 65_000, 256 * 1024 })
        {
            var body = Encoding.UTF8.GetBytes(new string('x', length));
            await bench.Queue.SendAsync(body, $"m{length}", TimeSpan.Zero, Stop);
            var lease = await bench.ReceiveAsync();
            Assert.Equal(body, lease.Body.ToArray());
            await lease.CompleteAsync(Stop);
        }
    }

    private sealed class OneToken(string token, DateTimeOffset expiresOn) : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            requestContext.Scopes is ["https://servicebus.azure.net/.default"] ? new AccessToken(token, expiresOn) : throw new InvalidOperationException("another service");

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            ValueTask.FromResult(GetToken(requestContext, cancellationToken));
    }
}
