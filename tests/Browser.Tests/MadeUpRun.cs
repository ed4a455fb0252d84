using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Functions;
using KnapsackCloud.Functions.Tests;

namespace KnapsackCloud.Browser.Tests;

/// <summary>Runs written blob by blob, for what no quick real run has: hostile text, many steps, many tasks.</summary>
internal static class MadeUpRun
{
    /// <summary>Completions are the characters whose numbers their tokens are.</summary>
    public static ControlPlaneTools Tools { get; } = new() { LoadTokenizer = _ => new Letters() };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static IReadOnlyList<TrainingTask> Tasks(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new TrainingTask(TaskId.Parse($"task-{i:D6}"), "", $"{i}+1=", $"{i + 1}"))];

    public static async Task<RunId> StartAsync(ControlPlaneUnderTest plane, IReadOnlyList<TrainingTask> tasks, int steps)
    {
        var spec = new RunSpec { Name = "made-up", Steps = steps, Evaluation = new EvaluationSpec { Every = 0 }, Limits = new LimitsSpec { Rollouts = 10_000 } };
        var run = await plane.Get<RunStarter>().StartAsync(spec, tasks, [], Token);
        var manifest = new CheckpointManifest(MessageFormat.Current, new PolicyVersion(0), []);
        await plane.Blobs.CreateAsync(BlobNames.Manifest(run, manifest.Version), manifest, ContractsJson.Default.CheckpointManifest, Token);
        await plane.Statuses.UpdateAsync(run, status => status with { PolicyVersion = new PolicyVersion(0), Phase = RunPhase.Rollout }, Token);
        return run;
    }

    public static async Task AddStepAsync(ControlPlaneUnderTest plane, RunId run, int step, IReadOnlyList<TrainingTask> tasks)
    {
        await AddPlanAsync(plane, run, step, tasks, rollouts: 4, tasksPerItem: 100);
        await plane.Blobs.CreateAsync(BlobNames.Summary(run, step), SummaryOf(step, tasks.Count), ContractsJson.Default.StepSummary, Token);
        await plane.Statuses.UpdateAsync(run, status => status with { Step = step, PolicyVersion = new PolicyVersion(step) }, Token);
    }

    public static Task AddPlanAsync(ControlPlaneUnderTest plane, RunId run, int step, IReadOnlyList<TrainingTask> tasks, int rollouts, int tasksPerItem)
    {
        var plan = new StepPlan
        {
            Step = step,
            Policy = new PolicyVersion(step - 1),
            AllocationPolicy = "posterior",
            Allocations = [.. tasks.Select((task, i) => new TaskAllocation(task.Id, rollouts, 0.1, 1, (i % 10) / 10.0, 0.5))],
            Certificate = new PlanCertificate(rollouts * tasks.Count, rollouts * tasks.Count, 1, 1, 0),
            Items = [.. tasks.Chunk(tasksPerItem).Select((chunk, i) => new WorkItem($"t{i:D6}", WorkPurpose.Training, [.. chunk.Select(task => new GroupChunk(task.Id, 0, rollouts))], 100))],
        };
        return plane.Blobs.CreateAsync(BlobNames.Plan(run, step), plan, ContractsJson.Default.StepPlan, Token);
    }

    public static Trajectory Rollout(TaskId task, int index, string text, double? reward, string? error = null) => new()
    {
        Task = task,
        Index = index,
        GroupSize = 4,
        PromptIds = [1],
        CompletionIds = [.. text.Select(letter => (int)letter)],
        LogProbs = [.. text.Select((_, i) => -0.5f * (i % 5))],
        Reward = reward,
        Error = error,
        StopReason = StopReason.Eos,
        Policy = new PolicyVersion(0),
        Sampling = new SamplingSpec(),
        Seed = ulong.MaxValue,
        Worker = "worker-1",
    };

    private static StepSummary SummaryOf(int step, int groups) => new()
    {
        Step = step,
        Policy = new PolicyVersion(step - 1),
        Groups = groups,
        MixedGroups = groups / 2,
        Rollouts = 4 * groups,
        MixedRollouts = 2 * groups,
        ErroredRollouts = 0,
        MeanReward = 0.5 + (0.4 * Math.Sin(step / 50.0)),
        Tokens = 100,
        GenerationSeconds = 1,
        Families = [new FamilySummary("", groups, groups / 2, 4 * groups, 0.5)],
        Predicted = new PlanPrediction(0.5, 0.5, 0.5),
    };

    private sealed class Letters : ITokenizer
    {
        public int[] Encode(string text) => [.. text.Select(letter => (int)letter)];
        public string Decode(ReadOnlySpan<int> ids) => string.Concat(ids.ToArray().Select(id => (char)id));
    }
}
