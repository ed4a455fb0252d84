using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Tests.Shared;

namespace KnapsackCloud.Pipeline.Tests;

/// <summary>Rollouts that run ahead of the learner.</summary>
public class LagTests
{
    [Fact]
    public async Task Behind_a_slow_learner_as_many_steps_as_the_lag_are_generated_and_none_of_their_work_twice()
    {
        TestProcess? late = null;
        using var process = late = new TestProcess(new InMemoryRunStore(), Fuse.Endless, Samples.Clock(), queue => queue.Name == QueueNames.Learn ? new LastQueue(queue, () => late!) : queue);
        var calls = 0;
        process.Policies.OnGenerate = _ => calls++;
        var run = await process.StartAsync(Samples.Ahead, Samples.Training, Samples.Evaluation);
        Assert.Equal(RunState.Completed, (await process.RunAsync(run)).State);
        var events = process.Observer.Events.ToList();
        Assert.Equal(
            ["collected 1", "collected 2", "collected 3", "learned 1", "collected 4", "learned 2", "collected 5", "learned 3", "learned 4", "learned 5", "collected 6"],
            events.Where(text => text.StartsWith("collected", StringComparison.Ordinal) || text.StartsWith("learned", StringComparison.Ordinal)));
        Assert.Equal(events.Count(text => text.StartsWith("item ", StringComparison.Ordinal)), calls);
    }

    [Fact]
    public async Task A_step_has_the_policy_that_the_lag_says_and_each_policy_is_evaluated_once()
    {
        var (status, blobs, _) = await Samples.UndisturbedAsync(Samples.Ahead);
        var summaries = Enumerable.Range(1, 6).Select(step => JsonSerializer.Deserialize(blobs[BlobNames.Summary(status.Id, step).Value], ContractsJson.Default.StepSummary)!).ToList();
        Assert.Equal([0, 0, 0, 1, 2, 5], summaries.Select(summary => summary.Policy.Value));
        Assert.Equal([0, 2, 5], summaries.Where(summary => summary.Evaluation is not null).Select(summary => summary.Policy.Value));
    }

    [Fact]
    public async Task Rollouts_of_a_policy_older_than_the_lag_allows_are_not_learnt_from()
    {
        var store = new InMemoryRunStore();
        using var process = new TestProcess(store, Fuse.Endless, Samples.Clock());
        var run = await process.StartAsync(Samples.Spec, Samples.Training, Samples.Evaluation);
        var task = TaskId.Parse("t5");
        var old = new StepPlan
        {
            Step = 2,
            Policy = new PolicyVersion(0),
            AllocationPolicy = "uniform",
            Allocations = [new TaskAllocation(task, 2, 0, 1, 0.5, 0.5)],
            Certificate = new PlanCertificate(2, 2, 0, 0, 0),
            Items = [new WorkItem("t000", WorkPurpose.Training, [new GroupChunk(task, 0, 2)], 2)],
        };
        await store.CreateAsync(BlobNames.Plan(run, 2), (output, token) => JsonSerializer.SerializeAsync(output, old, ContractsJson.Default.StepPlan, token), TestContext.Current.CancellationToken);
        var status = await process.RunAsync(run);
        Assert.Equal((RunState.Failed, 1), (status.State, status.Step));
        Assert.Equal("step 2 could not be learnt: the rollouts of step 2 were planned for policy 0, 1 versions behind the one they would update; learning.maxLag allows 0", status.Reason);
    }

    [Fact]
    public async Task A_run_paused_ahead_of_the_learner_goes_on_where_it_was()
    {
        var undisturbed = await Samples.UndisturbedAsync(Samples.Ahead);
        var store = new InMemoryRunStore();
        using var process = new TestProcess(store, Fuse.Endless, Samples.Clock());
        var run = await process.StartAsync(Samples.Ahead, Samples.Training, Samples.Evaluation);
        process.Observer.On("plan 3", () =>
        {
            var token = TestContext.Current.CancellationToken;
            process.Control.PauseAsync(run, "stop", token).GetAwaiter().GetResult();
        });
        Assert.Equal(RunState.Paused, (await process.RunAsync(run)).State);
        await process.Control.ResumeAsync(run, TestContext.Current.CancellationToken);
        Assert.Equal(RunState.Completed, (await process.RunAsync(run)).State);
        Samples.AssertSame(undisturbed.Blobs, store.Blobs);
    }

    /// <summary>Gives a message only while there is none in any other queue.</summary>
    private sealed class LastQueue(IWorkQueue inner, Func<TestProcess> process) : IWorkQueue
    {
        public string Name => inner.Name;

        public Task SendAsync(ReadOnlyMemory<byte> body, string id, TimeSpan delay, CancellationToken cancellation) => inner.SendAsync(body, id, delay, cancellation);

        public async Task<ILease?> ReceiveAsync(TimeSpan duration, CancellationToken cancellation)
        {
            foreach (var other in process().Queues.Values.Where(queue => queue.Name != Name))
            {
                if (await ((IWorkQueue)other).CountAsync(cancellation) > 0) return null;
            }

            return await inner.ReceiveAsync(duration, cancellation);
        }
    }
}
