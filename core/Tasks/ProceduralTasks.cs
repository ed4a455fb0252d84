using System.Globalization;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Tasks;

/// <summary>
/// Tasks of procedural families: a training pool drawn by weight, and held-out tasks in equal number per
/// family. No prompt is in both. The held-out tasks are the same for every seed, so that runs can be compared.
/// </summary>
public sealed record ProceduralTasks(IReadOnlyList<TaskFamily> Families, IReadOnlyList<double> Weights, int Pool, int HeldOutPerFamily)
{
    /// <summary>At most this share of a family's prompts is held out; small families repeat theirs to reach the number.</summary>
    private const double HeldOutShare = 0.2;
    private const ulong HeldOutSeed = 0;

    public TaskSets Build(ulong seed)
    {
        var heldOut = Families.ToDictionary(family => family, HeldOutPrompts);
        return new TaskSets(Train(seed, heldOut), Evaluate(heldOut));
    }

    private List<(string Prompt, string Gold)> HeldOutPrompts(TaskFamily family)
    {
        var wanted = (int)Math.Min(HeldOutPerFamily, Math.Max(1, family.Size * HeldOutShare));
        var random = new CounterRandom(Seeds.For(HeldOutSeed, $"held-out/{family.Name}"));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var drawn = new List<(string, string)>(wanted);
        while (drawn.Count < wanted)
        {
            var task = family.Draw(ref random);
            if (seen.Add(task.Prompt)) drawn.Add(task);
        }

        return drawn;
    }

    private List<TrainingTask> Train(ulong seed, Dictionary<TaskFamily, List<(string Prompt, string Gold)>> heldOut)
    {
        var reserved = heldOut.Values.SelectMany(tasks => tasks).Select(task => task.Prompt).ToHashSet(StringComparer.Ordinal);
        var used = new HashSet<string>(StringComparer.Ordinal);
        var random = new CounterRandom(Seeds.For(seed, "pool"));
        var pool = new List<TrainingTask>(Pool);
        while (pool.Count < Pool)
        {
            var family = Families[random.NextIndex(Weights)];
            var (prompt, gold) = family.Draw(ref random);
            if (reserved.Contains(prompt)) continue;
            // A family much smaller than the pool may repeat prompts; elsewhere every task is a new one.
            if (family.Size > 8L * Pool && !used.Add(prompt)) continue;
            pool.Add(new TrainingTask(Id(family, pool.Count), family.Name, prompt, gold));
        }

        return pool;
    }

    private List<TrainingTask> Evaluate(Dictionary<TaskFamily, List<(string Prompt, string Gold)>> heldOut) =>
    [
        .. Families.SelectMany(family => Enumerable.Range(0, HeldOutPerFamily).Select(i =>
        {
            var (prompt, gold) = heldOut[family][i % heldOut[family].Count];
            return new TrainingTask(TaskId.Parse($"heldout-{family.Name}-{i.ToString("D4", CultureInfo.InvariantCulture)}"), family.Name, prompt, gold);
        })),
    ];

    private static TaskId Id(TaskFamily family, int number) =>
        TaskId.Parse($"{family.Name}-{number.ToString("D5", CultureInfo.InvariantCulture)}");
}

/// <summary>The tasks of a run: what it trains on, and what it is evaluated on (may be empty).</summary>
public sealed record TaskSets(IReadOnlyList<TrainingTask> Training, IReadOnlyList<TrainingTask> Evaluation)
{
    /// <summary>What people should know about how they were read.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
