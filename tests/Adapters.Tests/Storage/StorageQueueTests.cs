using System.Diagnostics;
using Azure.Storage.Queues;
using KnapsackCloud.Adapters.Storage;
using KnapsackCloud.Adapters.Tests.Azurite;
using KnapsackCloud.Adapters.Tests.Queues;
using KnapsackCloud.Core.Ports;
using Microsoft.Extensions.Time.Testing;

namespace KnapsackCloud.Adapters.Tests.Storage;

public class StorageQueueTests(AzuriteServer azurite) : WorkQueueContract
{
    protected override async Task<QueueUnderTest> CreateAsync(TimeSpan poll)
    {
        var account = new StorageAccount(await azurite.OptionsAsync(), TimeProvider.System);
        var name = $"q-{Guid.NewGuid():N}";
        var options = new StorageQueueOptions { MaxDeliveries = QueueUnderTest.MaxDeliveries, Poll = poll, LongestPause = TimeSpan.FromMilliseconds(100) };
        var queue = await account.OpenQueueAsync(name, options, Stop);
        return new QueueUnderTest
        {
            Queue = queue,
            Shortest = TimeSpan.FromSeconds(2),
            DeadLettersAsync = () => PoisonQueue.ReadAsync(azurite, name, Stop),
            Lacks = new Dictionary<QueueFeature, string>
            {
                [QueueFeature.DuplicateDetection] = "Azure Storage queues have none; every handler finds work that was done already",
            },
            Close = () =>
            {
                account.Dispose();
                return ValueTask.CompletedTask;
            },
        };
    }

    [Fact]
    public async Task A_message_of_another_program_goes_to_the_dead_letters()
    {
        await using var queue = await CreateAsync(TimeSpan.FromMinutes(1));
        var client = new QueueClient((await azurite.OptionsAsync()).ConnectionString, queue.Queue.Name);
        await client.SendMessageAsync("{\"id\":null}", Stop);
        await client.SendMessageAsync("<xml/>", Stop);
        await queue.NothingElseWaitsAsync();
        Assert.Equal(["not a message of this program", "not a message of this program"], (await queue.DeadLettersAsync()).Select(letter => letter.Reason));
    }

    /// <summary>No time passes, so that nothing but the bell ends a receiver's pause.</summary>
    [Fact]
    public async Task A_send_wakes_the_receiver_of_another_process_on_the_machine()
    {
        var name = $"q-{Guid.NewGuid():N}";
        var folder = Directory.CreateTempSubdirectory();
        using var ours = new StorageAccount(await azurite.OptionsAsync(), TimeProvider.System);
        using var theirs = new StorageAccount(await azurite.OptionsAsync(), new FakeTimeProvider());
        using (var ourBells = new QueueBells(folder.FullName))
        using (var theirBells = new QueueBells(folder.FullName))
        {
            var sender = await ours.OpenQueueAsync(name, new StorageQueueOptions(), Stop, ourBells.Of(name));
            var receiver = await theirs.OpenQueueAsync(name, new StorageQueueOptions(), Stop, theirBells.Of(name));
            for (var message = 0; message < 5; message++)
            {
                var received = receiver.ReceiveAsync(TimeSpan.FromMinutes(1), Stop);
                await sender.SendAsync(new byte[] { 1 }, $"m{message}", TimeSpan.Zero, Stop);
                var lease = await received.WaitAsync(TimeSpan.FromMinutes(1), Stop);
                Assert.Equal($"m{message}", lease!.MessageId);
                await lease.CompleteAsync(Stop);
            }
        }
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_body_that_does_not_fit_is_refused_with_the_cure()
    {
        await using var queue = await CreateAsync(TimeSpan.FromMinutes(1));
        var error = await Assert.ThrowsAsync<ArgumentException>(() => queue.Queue.SendAsync(new byte[StorageQueue.MaxBodyBytes + 1], "a", TimeSpan.Zero, Stop));
        Assert.Contains("put the data into a blob and send its name", error.Message);
        await queue.Queue.SendAsync(new byte[StorageQueue.MaxBodyBytes], new string('i', 200), TimeSpan.Zero, Stop);
        var lease = await queue.Queue.ReceiveAsync(TimeSpan.FromMinutes(1), Stop);
        await lease!.RejectAsync(new string('r', 5_000), Stop);
        Assert.Single(await queue.DeadLettersAsync());
    }

    [Fact]
    public async Task Renewals_and_the_settlement_take_turns()
    {
        await using var queue = await CreateAsync(TimeSpan.FromMinutes(1));
        await queue.SendAsync("a");
        var lease = await queue.ReceiveAsync("a");
        var renewals = Enumerable.Range(0, 4).Select(_ => lease.RenewAsync(TimeSpan.FromMinutes(1), Stop)).ToArray();
        await lease.CompleteAsync(Stop);
        Assert.DoesNotContain(false, await Task.WhenAll(renewals));
        await queue.NothingElseWaitsAsync();
    }

    [Fact]
    public async Task The_senders_trace_reaches_the_receiver_through_a_snooze()
    {
        await using var queue = await CreateAsync(TimeSpan.FromMinutes(1));
        using var activity = new Activity("step").SetIdFormat(ActivityIdFormat.W3C).Start();
        await queue.SendAsync("a");
        var trace = activity.Id;
        activity.Stop();

        await (await queue.ReceiveAsync("a")).SnoozeAsync(TimeSpan.Zero, Stop);
        Assert.Equal(trace, (await queue.ReceiveAsync("a")).TraceParent);
    }

    [Fact]
    public async Task A_service_that_cannot_be_reached_is_named_with_the_cure()
    {
        using var account = new StorageAccount(Unreachable.Options(), TimeProvider.System);
        var error = await Assert.ThrowsAsync<QueueException>(() => account.OpenQueueAsync("work", new StorageQueueOptions(), Stop));
        Assert.Contains("/devstoreaccount1/work' cannot be reached: is the account's name right, the network up, or Azurite running?", error.Message);
    }
}
