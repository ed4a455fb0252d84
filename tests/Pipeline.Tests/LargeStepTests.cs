using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Pipeline.Tests;

/// <summary>A step of many work items, whose messages come in any order, doubled, to several processes.</summary>
public class LargeStepTests
{
    private const int Items = 300;
    private readonly StoredRun _stored = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task It_is_collected_with_the_last_item_and_not_listed_for_each(int processes)
    {
        var run = await StartAsync();
        var handlers = Enumerable.Range(0, processes).Select(_ => new CollectHandler(_stored.Blobs, new RunTasks(_stored.Store), _stored.Statuses, _stored, _stored.Observer)).ToList();
        var random = new CounterRandom(7);
        foreach (var item in Enumerable.Range(0, Items).OrderBy(item => CounterRandom.UniformAt(8, (ulong)item)))
        {
            Assert.Empty(_stored.Sent);
            await ArriveAsync(run, item);
            for (var copies = 1 + (int)random.Next(2); copies > 0 && _stored.Sent.Count == 0; copies--)
                Assert.Equal(WorkOutcome.Done, await handlers[(int)random.Next(processes)].HandleAsync(new RolloutDone(run, 1, NameOf(item)), Token));
        }

        Assert.Equal([new LearnRequested(run, 1)], _stored.Sent);
        Assert.Equal(2 * Items, (await _stored.Blobs.ReadSummaryAsync(run, 1, Token))!.Rollouts);
        Assert.InRange(_stored.Store.Listings, 1, 2 * processes);
    }

    private static string NameOf(int item) => $"t{item:D3}";

    private async Task<RunId> StartAsync()
    {
        var run = await _stored.StartAsync(Samples.Spec);
        await _stored.UpdateAsync(run, status => status with { PolicyVersion = new PolicyVersion(0), Phase = RunPhase.Rollout });
        var plan = new StepPlan
        {
            Step = 1,
            Policy = new PolicyVersion(0),
            AllocationPolicy = "uniform",
            Allocations = [.. Samples.Training.Select(task => new TaskAllocation(task.Id, 2 * Items / Samples.Training.Count, 0, 1, 0.5, 0.5))],
            Certificate = new PlanCertificate(2 * Items, 2 * Items, 0, 0, 0),
            Items = [.. Enumerable.Range(0, Items).Select(item => new WorkItem(NameOf(item), WorkPurpose.Training, [Chunk(item)], 2))],
        };
        await _stored.Blobs.CreateAsync(BlobNames.Plan(run, 1), plan, ContractsJson.Default.StepPlan, Token);
        _stored.Sent.Clear();
        return run;
    }

    private static GroupChunk Chunk(int item) => new(Samples.Training[item % Samples.Training.Count].Id, item / Samples.Training.Count * 2, 2);

    private Task<bool> ArriveAsync(RunId run, int item) => _stored.Blobs.CreateTrajectoriesAsync(run, 1, NameOf(item), [Rollout(Chunk(item), 0), Rollout(Chunk(item), 1)], Token);

    private static Trajectory Rollout(GroupChunk chunk, int index) => new()
    {
        Task = chunk.Task,
        Index = chunk.First + index,
        GroupSize = 2 * Items / Samples.Training.Count,
        PromptIds = [1],
        CompletionIds = [2],
        LogProbs = [0],
        Reward = index,
        StopReason = StopReason.Eos,
        Policy = new PolicyVersion(0),
        Sampling = new SamplingSpec(),
        Seed = 0,
    };
}
