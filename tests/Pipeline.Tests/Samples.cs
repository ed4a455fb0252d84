using System.Text;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Tests.Shared;
using Microsoft.Extensions.Time.Testing;

namespace KnapsackCloud.Pipeline.Tests;

/// <summary>A small run with everything in it: chunks, evaluation, pruned policies, a closing step.</summary>
internal static class Samples
{
    public static RunSpec Spec { get; } = new()
    {
        Name = "sample",
        Seed = 3,
        Steps = 5,
        Tasks = new TaskSpec { PerStep = 4 },
        Allocation = new AllocationSpec { RolloutsPerTask = 4, Min = 2, Max = 8 },
        Splitting = new SplittingSpec { MinItems = 2 },
        Evaluation = new EvaluationSpec { Every = 2, Samples = 2 },
        Checkpoints = new CheckpointSpec { KeepEvery = 3 },
    };

    /// <summary>The same in two rounds a step, the second of which is sometimes empty.</summary>
    public static RunSpec Rounds { get; } = Spec with { Allocation = Spec.Allocation with { Policy = "rounds" } };

    /// <summary>The same with rollouts ahead of the learner, by more than it ever is behind.</summary>
    public static RunSpec Ahead { get; } = Spec with { Learning = new LearningSpec { MaxLag = 2 } };

    /// <summary>Both.</summary>
    public static RunSpec RoundsAhead { get; } = Rounds with { Learning = new LearningSpec { MaxLag = 1 } };

    /// <summary>What is disturbed in every way, by its name.</summary>
    public static IReadOnlyDictionary<string, RunSpec> Disturbed { get; } = new Dictionary<string, RunSpec>
    {
        [nameof(Spec)] = Spec,
        [nameof(Rounds)] = Rounds,
        [nameof(Ahead)] = Ahead,
        [nameof(RoundsAhead)] = RoundsAhead,
    };

    public static TheoryData<string> DisturbedNames { get; } = [.. Disturbed.Keys];

    /// <summary>The other ways to spend a step's budget, each with the most rounds it can have.</summary>
    public static IReadOnlyList<RunSpec> OtherAllocations { get; } =
    [
        With(new AllocationSpec { Policy = "posterior", Rounds = 3 }), With(new AllocationSpec { Policy = "posterior", Unit = "tokens" }), With(new AllocationSpec { Policy = "rounds", Unit = "tokens" }),
        With(new AllocationSpec { Policy = "posterior", Scope = "pool", Min = 0, Pool = new PoolSpec { Opening = 2 } }), With(new AllocationSpec { Policy = "rounds", Scope = "pool", Min = 0, Pool = new PoolSpec { Opening = 3, CoolDown = 1 } }),
        With(new AllocationSpec { Policy = "uniform" }), With(new AllocationSpec { Policy = "knapsack" }), With(new AllocationSpec { Policy = "refill" }), With(new AllocationSpec { Policy = "skip" }),
        With(new AllocationSpec { Policy = "pilot-commit" }), With(new AllocationSpec { Policy = "cero" }), Spec with { Tasks = Spec.Tasks with { Selection = "thompson" } },
    ];

    private static RunSpec With(AllocationSpec allocation) => Spec with { Allocation = allocation with { RolloutsPerTask = 4, Max = 8 } };

    /// <summary>Ten tasks in two families, from always solved to rarely.</summary>
    public static IReadOnlyList<TrainingTask> Training { get; } = [.. Enumerable.Range(0, 10).Select(i => Task($"t{i}", i % 2 == 0 ? "even" : "odd", i))];

    public static IReadOnlyList<TrainingTask> Evaluation { get; } = [.. Enumerable.Range(0, 3).Select(i => Task($"v{i}", "held-out", 3 * i))];

    public static FakeTimeProvider Clock() => new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    /// <summary>What an undisturbed run leaves, and how many effects it took.</summary>
    public static async Task<(RunStatus Status, IReadOnlyDictionary<string, byte[]> Blobs, int Effects)> UndisturbedAsync(RunSpec? spec = null)
    {
        var store = new InMemoryRunStore();
        var fuse = Fuse.Endless;
        using var process = new TestProcess(store, fuse, Clock());
        var run = await process.StartAsync(spec ?? Spec, Training, Evaluation);
        var status = await process.RunAsync(run);
        return (status, store.Blobs, fuse.Count);
    }

    /// <summary>Same blobs with the same bytes, times of the status aside. Pruned policies may be left over where a crash was the last thing before the end.</summary>
    public static void AssertSame(IReadOnlyDictionary<string, byte[]> expected, IReadOnlyDictionary<string, byte[]> actual)
    {
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Where(name => expected.ContainsKey(name) || !name.Contains("/policies/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        foreach (var (name, content) in expected)
        {
            if (name.EndsWith("status.json", StringComparison.Ordinal)) Assert.Equal(WithoutTimes(content), WithoutTimes(actual[name]));
            else Assert.True(content.AsSpan().SequenceEqual(actual[name]), $"{name} differs");
        }
    }

    private static string WithoutTimes(byte[] status) =>
        System.Text.RegularExpressions.Regex.Replace(Encoding.UTF8.GetString(status), "\"(createdAt|updatedAt)\":\"[^\"]*\"", "");

    private static TrainingTask Task(string id, string family, int difficulty) => new(TaskId.Parse(id), family, $"{id}={(char)('P' + difficulty)}", $"{(char)('P' + difficulty)}");
}
