using System.Text;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Tests.Shared;

namespace KnapsackCloud.Pipeline.Tests;

/// <summary>What goes wrong around a run changes nothing in what comes of it.</summary>
public class DisturbanceTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Samples.DisturbedNames), MemberType = typeof(Samples))]
    public async Task Messages_that_are_lost_doubled_and_reordered_change_nothing(string name)
    {
        var spec = Samples.Disturbed[name];
        var undisturbed = await Samples.UndisturbedAsync(spec);
        for (ulong seed = 1; seed <= 25; seed++)
        {
            var store = new InMemoryRunStore();
            var queues = 0UL;
            using var process = new TestProcess(store, Fuse.Endless, Samples.Clock(), queue => new ChaosQueue(queue, (1000 * seed) + queues++));
            var run = await process.StartAsync(spec, Samples.Training, Samples.Evaluation);
            await process.RunAsync(run);
            Samples.AssertSame(undisturbed.Blobs, store.Blobs);
        }
    }

    [Fact]
    public async Task A_worker_that_stalls_loses_its_lease_and_finishes_late_changes_nothing()
    {
        var undisturbed = await Samples.UndisturbedAsync();
        var store = new InMemoryRunStore();
        using var stalled = new TestProcess(store, Fuse.Endless, Samples.Clock());
        var run = await stalled.StartAsync(Samples.Spec, Samples.Training, Samples.Evaluation);
        using var release = new ManualResetEventSlim();
        var generating = new TaskCompletionSource();
        stalled.Policies.OnGenerate = _ => { generating.TrySetResult(); release.Wait(Token); };
        var work = stalled.RunAsync(run);
        await generating.Task;
        stalled.Time.Advance(TimeSpan.FromMinutes(5));

        using (var other = new TestProcess(store, Fuse.Endless, Samples.Clock())) await other.RunAsync(run);
        Samples.AssertSame(undisturbed.Blobs, store.Blobs);

        release.Set();
        Assert.Equal(RunState.Completed, (await work).State);
        Samples.AssertSame(undisturbed.Blobs, store.Blobs);
        Assert.Contains(stalled.Observer.Events, text => text.StartsWith("lease lost", StringComparison.Ordinal));
        Assert.Single(stalled.Observer.Events, text => text.StartsWith("prepare", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Messages_that_cannot_be_read_are_put_aside_with_the_reason()
    {
        var undisturbed = await Samples.UndisturbedAsync();
        var store = new InMemoryRunStore();
        using var process = new TestProcess(store, Fuse.Endless, Samples.Clock());
        var run = await process.StartAsync(Samples.Spec, Samples.Training, Samples.Evaluation);
        foreach (var queue in process.Queues.Values)
        {
            await queue.SendAsync(Encoding.UTF8.GetBytes("{ not json"), "garbage", TimeSpan.Zero, Token);
            await queue.SendAsync(Encoding.UTF8.GetBytes("null"), "null", TimeSpan.Zero, Token);
        }
        await process.Queues[QueueNames.Plan].SendAsync(Encoding.UTF8.GetBytes($$"""{"format":99,"run":"{{run}}","step":1}"""), "future", TimeSpan.Zero, Token);
        await process.Queues[QueueNames.Plan].SendAsync(Encoding.UTF8.GetBytes("""{"format":1,"run":"nobody","step":1}"""), "stranger", TimeSpan.Zero, Token);
        await process.RunAsync(run);

        Samples.AssertSame(undisturbed.Blobs, store.Blobs);
        var letters = process.Queues.Values.SelectMany(queue => queue.DeadLetters).ToList();
        Assert.Equal(12, letters.Count);
        Assert.Contains(letters, letter => letter is { MessageId: "future", Reason: "message format 99 is not known here (this version reads 1)" });
        Assert.Contains(letters, letter => letter is { MessageId: "stranger", Reason: "there is no run nobody" });
    }

    [Fact]
    public async Task Late_messages_of_steps_whose_policies_are_pruned_change_nothing()
    {
        var undisturbed = await Samples.UndisturbedAsync();
        var store = new InMemoryRunStore();
        using var process = new TestProcess(store, Fuse.Endless, Samples.Clock());
        var run = await process.StartAsync(Samples.Spec, Samples.Training, Samples.Evaluation);
        process.Observer.On("plan 5", () =>
        {
            Assert.DoesNotContain($"runs/{run}/policies/000001/manifest.json", store.Blobs.Keys);
            IWorkMessage[] late =
            [
                new PlanRequest(run, 2), new RolloutRequest(run, 2, "t000"), new RolloutDone(run, 2, "t000"), new LearnRequested(run, 2), new LearnRequested(run, 0),
                new CheckpointReady(run, new PolicyVersion(1)), new CheckpointReady(run, new PolicyVersion(0)),
            ];
            foreach (var message in late) process.Outbox.SendAsync(message, Token).GetAwaiter().GetResult();
        });
        await process.RunAsync(run);
        Samples.AssertSame(undisturbed.Blobs, store.Blobs);
        Assert.DoesNotContain(process.Observer.Events, text => text.StartsWith("attempt", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Messages_that_come_too_early_change_nothing()
    {
        var undisturbed = await Samples.UndisturbedAsync();
        var store = new InMemoryRunStore();
        using var process = new TestProcess(store, Fuse.Endless, Samples.Clock());
        var run = await process.StartAsync(Samples.Spec, Samples.Training, Samples.Evaluation);
        process.Observer.On("plan 1", () =>
        {
            IWorkMessage[] early = [new RolloutDone(run, 1, "t000"), new LearnRequested(run, 1), new CheckpointReady(run, new PolicyVersion(1)), new PlanRequest(run, 2)];
            foreach (var message in early) process.Outbox.SendAsync(message, Token).GetAwaiter().GetResult();
        });
        await process.RunAsync(run);
        Samples.AssertSame(undisturbed.Blobs, store.Blobs);
        Assert.DoesNotContain(process.Observer.Events, text => text.StartsWith("attempt", StringComparison.Ordinal));
    }
}
