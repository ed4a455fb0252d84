using System.Text;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Adapters.Tests.Queues;

/// <summary>What every work queue does. Subclassed once an adapter.</summary>
public abstract class WorkQueueContract
{
    protected static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    protected abstract IWorkQueue Queue { get; }

    /// <summary>Lets so much time pass for the queue.</summary>
    protected abstract void Pass(TimeSpan time);

    /// <summary>Ids and reasons of the messages that will not come again.</summary>
    protected abstract Task<IReadOnlyList<(string Id, string Reason)>> DeadLettersAsync();

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_is_delivered_with_its_body_and_id_and_is_gone_when_completed()
    {
        await SendAsync("a");
        var lease = await ReceiveAsync();
        Assert.Equal(("body of a", "a", 1), (Encoding.UTF8.GetString(lease!.Body.Span), lease.MessageId, lease.Attempt));
        await lease.CompleteAsync(Token);
        Pass(2 * Lease);
        Assert.Null(await ReceiveAsync());
    }

    [Fact]
    public async Task An_empty_queue_gives_null() => Assert.Null(await ReceiveAsync());

    [Fact]
    public async Task Messages_come_in_the_order_they_were_sent()
    {
        foreach (var id in new[] { "a", "b", "c" }) await SendAsync(id);
        Assert.Equal(["a", "b", "c"], [(await ReceiveAsync())!.MessageId, (await ReceiveAsync())!.MessageId, (await ReceiveAsync())!.MessageId]);
    }

    [Fact]
    public async Task A_leased_message_is_hidden_until_its_lease_runs_out_and_then_comes_with_one_more_attempt()
    {
        await SendAsync("a");
        Assert.NotNull(await ReceiveAsync());
        Assert.Null(await ReceiveAsync());
        Pass(Lease);
        Assert.Equal(2, (await ReceiveAsync())!.Attempt);
    }

    [Fact]
    public async Task A_renewed_lease_lasts_longer()
    {
        await SendAsync("a");
        var lease = await ReceiveAsync();
        Pass(Lease / 2);
        Assert.True(await lease!.RenewAsync(Lease, Token));
        Pass(Lease / 2);
        Assert.Null(await ReceiveAsync());
        Pass(Lease / 2);
        Assert.NotNull(await ReceiveAsync());
    }

    [Fact]
    public async Task A_lost_lease_cannot_be_renewed_nor_settle_the_delivery_of_another()
    {
        await SendAsync("a");
        var lost = await ReceiveAsync();
        Pass(Lease);
        var held = await ReceiveAsync();
        Assert.False(await lost!.RenewAsync(Lease, Token));
        await lost.CompleteAsync(Token);
        await lost.RejectAsync("too late", Token);
        Assert.True(await held!.RenewAsync(Lease, Token));
        Assert.Empty(await DeadLettersAsync());
    }

    [Fact]
    public async Task An_abandoned_message_comes_again_at_once_and_has_used_an_attempt()
    {
        await SendAsync("a");
        await (await ReceiveAsync())!.AbandonAsync(Token);
        Assert.Equal(2, (await ReceiveAsync())!.Attempt);
    }

    [Fact]
    public async Task A_snoozed_message_comes_again_after_its_delay_and_has_used_no_attempt()
    {
        await SendAsync("a");
        await (await ReceiveAsync())!.SnoozeAsync(TimeSpan.FromSeconds(10), Token);
        Assert.Null(await ReceiveAsync());
        Pass(TimeSpan.FromSeconds(10));
        Assert.Equal(1, (await ReceiveAsync())!.Attempt);
    }

    [Fact]
    public async Task A_delayed_message_is_not_delivered_before_its_time()
    {
        await Queue.SendAsync(Encoding.UTF8.GetBytes("x"), "a", TimeSpan.FromSeconds(10), Token);
        Assert.Null(await ReceiveAsync());
        Pass(TimeSpan.FromSeconds(10));
        Assert.NotNull(await ReceiveAsync());
    }

    [Fact]
    public async Task A_rejected_message_is_a_dead_letter_with_its_reason()
    {
        await SendAsync("a");
        await (await ReceiveAsync())!.RejectAsync("not for us", Token);
        Pass(2 * Lease);
        Assert.Null(await ReceiveAsync());
        Assert.Equal([("a", "not for us")], await DeadLettersAsync());
    }

    [Fact]
    public async Task Of_many_receivers_one_gets_a_message()
    {
        await SendAsync("a");
        var leases = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(ReceiveAsync, Token)));
        Assert.Single(leases, lease => lease is not null);
    }

    protected Task SendAsync(string id) => Queue.SendAsync(Encoding.UTF8.GetBytes($"body of {id}"), id, TimeSpan.Zero, Token);

    protected Task<ILease?> ReceiveAsync() => Queue.ReceiveAsync(Lease, Token);
}
