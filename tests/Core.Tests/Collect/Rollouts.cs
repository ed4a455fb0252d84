using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Tests.Collect;

/// <summary>Short forms of plans, trajectories and groups.</summary>
internal static class Rollouts
{
    public static Trajectory Of(string task, int index, double? reward, int tokens = 3, int policy = 0) => new()
    {
        Task = TaskId.Parse(task),
        Index = index,
        GroupSize = 4,
        PromptIds = [1, 2],
        CompletionIds = new int[tokens],
        LogProbs = new float[tokens],
        Reward = reward,
        Error = reward is null ? "broken" : null,
        StopReason = StopReason.Eos,
        Policy = new PolicyVersion(policy),
        Sampling = new SamplingSpec(),
        Seed = 1,
        GenerationSeconds = 0.5,
    };

    public static RolloutOutcome Outcome(string task, int index, double? reward, int tokens = 3) => Of(task, index, reward, tokens).ToOutcome();

    public static TaskGroup<RolloutOutcome> Group(string task, params double?[] rewards) =>
        new(TaskId.Parse(task), rewards.Length, [.. rewards.Select((reward, i) => Outcome(task, i, reward))]);

    public static WorkItem Item(string id, WorkPurpose purpose, params (string Task, int First, int Count)[] chunks) =>
        new(id, purpose, [.. chunks.Select(chunk => new GroupChunk(TaskId.Parse(chunk.Task), chunk.First, chunk.Count))], 1);

    public static StepPlan Plan(IReadOnlyList<(string Task, int Rollouts)> allocations, params WorkItem[] items) => new()
    {
        Step = 1,
        Policy = new PolicyVersion(0),
        AllocationPolicy = "uniform",
        Allocations = [.. allocations.Select(one => new TaskAllocation(TaskId.Parse(one.Task), one.Rollouts, 1, 1, 0.25, 0.5))],
        Certificate = new PlanCertificate(8, 8, 1, 1, 0),
        Items = items,
    };
}
