using System.Collections.Concurrent;

namespace KnapsackCloud.Adapters.Tests.Queues;

/// <summary>
/// What every work queue does, asked so that it holds for a queue in this process as for one behind a network: nothing is
/// concluded from a receive that came back empty. Subclassed once an adapter and broker.
/// </summary>
public abstract class WorkQueueContract
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <param name="poll">How long a receive waits.</param>
    protected abstract Task<QueueUnderTest> CreateAsync(TimeSpan poll);

    [Fact]
    public async Task A_message_comes_with_its_id_and_body_and_is_gone_once_completed()
    {
        await using var queue = await CreateAsync(Minute);
        await queue.SendAsync("a");
        await queue.SendAsync("b");

        var lease = await queue.ReceiveAsync("a");
        Assert.Equal(1, lease.Attempt);
        Assert.Contains(await queue.Queue.CountAsync(Stop), new long?[] { null, 2 });
        await lease.CompleteAsync(Stop);
        await (await queue.ReceiveAsync("b")).CompleteAsync(Stop);
        await queue.NothingElseWaitsAsync();
        Assert.Empty(await queue.DeadLettersAsync());
    }

    [Fact]
    public async Task Messages_come_in_the_order_they_were_sent()
    {
        await using var queue = await CreateAsync(Minute);
        foreach (var id in new[] { "a", "b", "c" }) await queue.SendAsync(id);
        foreach (var id in new[] { "a", "b", "c" }) await (await queue.ReceiveAsync(id)).CompleteAsync(Stop);
    }

    [Fact]
    public async Task A_receive_that_waits_gets_the_message_that_comes()
    {
        await using var queue = await CreateAsync(Minute);
        var receive = queue.ReceiveAsync("a");
        await queue.SendAsync("a");
        await (await receive).CompleteAsync(Stop);
    }

    [Fact]
    public async Task A_receive_ends_with_nothing_when_its_poll_ends()
    {
        await using var queue = await CreateAsync(TimeSpan.FromSeconds(1));
        var receive = queue.Queue.ReceiveAsync(Minute, Stop);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!receive.IsCompleted)
        {
            await queue.PassAsync(TimeSpan.FromSeconds(1));
            await pause.WaitForNextTickAsync(Stop);
        }
        Assert.Null(await receive);
    }

    [Fact]
    public async Task A_cancelled_receive_throws_and_loses_nothing()
    {
        await using var queue = await CreateAsync(Minute);
        using var ended = new CancellationTokenSource();
        var receive = queue.Queue.ReceiveAsync(Minute, ended.Token);
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receive);

        await queue.SendAsync("a");
        await (await queue.ReceiveAsync("a")).CompleteAsync(Stop);
    }

    [Fact]
    public async Task A_leased_message_is_hidden_until_the_lease_runs_out_and_then_comes_as_a_new_attempt()
    {
        await using var queue = (await CreateAsync(Minute)).Needs(QueueFeature.LeaseExpiry);
        await queue.SendAsync("a");
        await queue.ReceiveAsync("a", queue.Shortest);
        await queue.NothingElseWaitsAsync();

        await queue.PassAsync(queue.Shortest);

        Assert.Equal(2, (await queue.ReceiveAsync("a")).Attempt);
    }

    [Fact]
    public async Task A_renewed_lease_lasts_beyond_its_first_end()
    {
        await using var queue = (await CreateAsync(Minute)).Needs(QueueFeature.LeaseExpiry).Needs(QueueFeature.Delay);
        await queue.SendAsync("a");
        var lease = await queue.ReceiveAsync("a", queue.Shortest);
        await queue.PassAsync(queue.Shortest / 2);
        Assert.True(await lease.RenewAsync(queue.Shortest * 10, Stop));

        // The queue's own clock tells when the first end has passed.
        await queue.SendAsync("late", queue.Shortest * 0.9);
        await queue.PassAsync(queue.Shortest * 0.9);
        await (await queue.ReceiveAsync("late")).CompleteAsync(Stop);
        await lease.CompleteAsync(Stop);
        await queue.NothingElseWaitsAsync();
    }

    [Fact]
    public async Task A_lost_lease_is_not_renewed_and_settles_nothing()
    {
        await using var queue = (await CreateAsync(Minute)).Needs(QueueFeature.LeaseExpiry);
        await queue.SendAsync("a");
        var lost = await queue.ReceiveAsync("a", queue.Shortest);
        await queue.PassAsync(queue.Shortest);
        var held = await queue.ReceiveAsync("a");

        Assert.False(await lost.RenewAsync(Minute, Stop));
        await lost.CompleteAsync(Stop);
        await lost.SnoozeAsync(TimeSpan.Zero, Stop);
        await lost.AbandonAsync(Stop);
        await lost.RejectAsync("too late", Stop);

        await queue.NothingElseWaitsAsync();
        Assert.True(await held.RenewAsync(Minute, Stop));
        await held.AbandonAsync(Stop);
        await (await queue.ReceiveAsync("a")).CompleteAsync(Stop);
        Assert.Empty(await queue.DeadLettersAsync());
    }

    [Fact]
    public async Task A_delayed_message_waits_for_its_time()
    {
        await using var queue = (await CreateAsync(Minute)).Needs(QueueFeature.Delay);
        await queue.SendAsync("late", queue.Shortest);
        await queue.NothingElseWaitsAsync();

        await queue.PassAsync(queue.Shortest);

        await (await queue.ReceiveAsync("late")).CompleteAsync(Stop);
    }

    [Fact]
    public async Task A_snoozed_message_comes_after_its_delay_without_using_an_attempt()
    {
        await using var queue = (await CreateAsync(Minute)).Needs(QueueFeature.Delay);
        await queue.SendAsync("a");
        await (await queue.ReceiveAsync("a")).SnoozeAsync(queue.Shortest, Stop);
        await queue.NothingElseWaitsAsync();

        await queue.PassAsync(queue.Shortest);

        var again = await queue.ReceiveAsync("a");
        Assert.Equal(1, again.Attempt);
        await again.CompleteAsync(Stop);
        await queue.NothingElseWaitsAsync();
    }

    [Fact]
    public async Task A_message_given_back_by_a_snooze_of_no_length_comes_at_once_however_often()
    {
        await using var queue = await CreateAsync(Minute);
        await queue.SendAsync("a");
        for (var snoozes = 0; snoozes < QueueUnderTest.MaxDeliveries + 2; snoozes++)
        {
            var lease = await queue.ReceiveAsync("a");
            Assert.Equal(1, lease.Attempt);
            await lease.SnoozeAsync(TimeSpan.Zero, Stop);
        }
        await (await queue.ReceiveAsync("a")).CompleteAsync(Stop);
        await queue.NothingElseWaitsAsync();
    }

    [Fact]
    public async Task An_abandoned_message_comes_at_once()
    {
        await using var queue = await CreateAsync(Minute);
        await queue.SendAsync("a");
        await (await queue.ReceiveAsync("a")).AbandonAsync(Stop);
        await (await queue.ReceiveAsync("a")).CompleteAsync(Stop);
        await queue.NothingElseWaitsAsync();
    }

    [Fact]
    public async Task An_abandoned_message_uses_attempts_and_goes_to_the_dead_letters_at_the_limit()
    {
        await using var queue = (await CreateAsync(Minute)).Needs(QueueFeature.AttemptCount);
        await queue.SendAsync("a");
        for (var attempt = 1; attempt <= QueueUnderTest.MaxDeliveries; attempt++)
        {
            var lease = await queue.ReceiveAsync("a");
            Assert.Equal(attempt, lease.Attempt);
            await lease.AbandonAsync(Stop);
        }

        await queue.NothingElseWaitsAsync();
        var letter = Assert.Single(await queue.UntilDeadAsync(1));
        Assert.Equal(new DeadLetterSeen("a", $"delivered {QueueUnderTest.MaxDeliveries} times without being settled"), letter);
    }

    [Fact]
    public async Task A_rejected_message_goes_to_the_dead_letters_and_never_comes_again()
    {
        await using var queue = await CreateAsync(Minute);
        await queue.SendAsync("a");
        await (await queue.ReceiveAsync("a")).RejectAsync("no such run", Stop);

        await queue.NothingElseWaitsAsync();
        Assert.Equal("a", Assert.Single(await queue.UntilDeadAsync(1)).Id);
    }

    [Fact]
    public async Task A_dead_letter_says_why_it_is_one()
    {
        await using var queue = (await CreateAsync(Minute)).Needs(QueueFeature.DeadLetterReason);
        await queue.SendAsync("a");
        await (await queue.ReceiveAsync("a")).RejectAsync("no such run: 'r-1'", Stop);
        Assert.Equal("no such run: 'r-1'", Assert.Single(await queue.UntilDeadAsync(1)).Reason);
    }

    [Fact]
    public async Task A_message_whose_id_already_waits_is_dropped()
    {
        await using var queue = (await CreateAsync(Minute)).Needs(QueueFeature.DuplicateDetection);
        await queue.SendAsync("a");
        await queue.SendAsync("a");
        await (await queue.ReceiveAsync("a")).CompleteAsync(Stop);
        await queue.NothingElseWaitsAsync();
    }

    [Fact]
    public async Task Bodies_of_any_bytes_come_back_as_they_were()
    {
        await using var queue = await CreateAsync(Minute);
        foreach (var length in new[] { 0, 1, 255, 4_096, 46_000 })
        {
            var body = Enumerable.Range(0, length).Select(i => (byte)(i * 131 + length)).ToArray();
            await queue.Queue.SendAsync(body, $"m{length}", TimeSpan.Zero, Stop);
            var lease = await queue.Queue.ReceiveAsync(Minute, Stop);
            Assert.Equal(body, lease!.Body.ToArray());
            await lease.CompleteAsync(Stop);
        }
    }

    [Fact]
    public async Task Many_receivers_get_every_message()
    {
        await using var queue = await CreateAsync(Minute);
        var deliveries = await DeliveriesAsync(queue, 60);
        Assert.Equal(60, deliveries.Count);
    }

    [Fact]
    public async Task Many_receivers_get_each_message_once()
    {
        await using var queue = (await CreateAsync(Minute)).Needs(QueueFeature.SingleDelivery);
        var deliveries = await DeliveriesAsync(queue, 60);
        Assert.Equal(60, deliveries.Count);
        Assert.All(deliveries.Values, count => Assert.Equal(1, count));
    }

    /// <summary>Sends so many messages from four senders and completes them in four receivers. How often each came, by id.</summary>
    private static async Task<ConcurrentDictionary<string, int>> DeliveriesAsync(QueueUnderTest queue, int messages)
    {
        var seen = new ConcurrentDictionary<string, int>();
        using var all = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        all.CancelAfter(QueueUnderTest.Patience);
        var receivers = Enumerable.Range(0, 4).Select(_ => ReceiveUntilAllAsync(queue, seen, messages, all)).ToArray();
        await Task.WhenAll(Enumerable.Range(0, messages).Chunk(messages / 4).Select(async chunk =>
        {
            foreach (var number in chunk) await queue.SendAsync($"m{number:D3}");
        }));
        await Task.WhenAll(receivers);
        return seen;
    }

    private static async Task ReceiveUntilAllAsync(QueueUnderTest queue, ConcurrentDictionary<string, int> seen, int messages, CancellationTokenSource all)
    {
        try
        {
            while (true)
            {
                var lease = await queue.Queue.ReceiveAsync(Minute, all.Token);
                await lease!.CompleteAsync(Stop);
                seen.AddOrUpdate(lease.MessageId, 1, (_, deliveries) => deliveries + 1);
                if (seen.Count == messages) await all.CancelAsync();
            }
        }
        catch (OperationCanceledException) when (all.IsCancellationRequested)
        {
            // All there.
        }
    }
}
