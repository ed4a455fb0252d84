using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Collect;

/// <summary>What an evaluation of a model on a task file found.</summary>
/// <param name="Samples">Rollouts per task.</param>
/// <param name="MeanAtN">Mean reward over all rollouts.</param>
/// <param name="Ci95">Bootstrap interval of the mean over tasks.</param>
/// <param name="PassAtK">By k: chance that one of k rollouts is right, mean over tasks.</param>
public sealed record EvaluationResult(int Tasks, int Samples, double MeanAtN, (double Low, double High) Ci95, IReadOnlyDictionary<int, double> PassAtK, IReadOnlyList<FamilySummary> Families)
{
    /// <summary>A rollout counts as right, for pass@k, from this reward on.</summary>
    public const double RightFrom = 0.5;

    /// <param name="rewards">By task, then by rollout; every task has the same number of rollouts, at least one.</param>
    /// <param name="seed">Of the bootstrap.</param>
    public static EvaluationResult Of(IReadOnlyList<TrainingTask> tasks, IReadOnlyList<double[]> rewards, ulong seed)
    {
        var samples = rewards[0].Length;
        var means = rewards.Select(task => task.Average()).ToArray();
        var passAtK = Collect.PassAtK.ReportedFor(samples).ToDictionary(k => k, k => rewards.Average(task => Collect.PassAtK.Estimate(samples, task.Count(IsRight), k)));
        return new EvaluationResult(tasks.Count, samples, means.Average(), Bootstrap.MeanInterval95(means, seed), passAtK, ByFamily(tasks, rewards));
    }

    private static List<FamilySummary> ByFamily(IReadOnlyList<TrainingTask> tasks, IReadOnlyList<double[]> rewards) =>
    [
        .. tasks.Zip(rewards, (task, own) => (task.Family, Rewards: own)).GroupBy(row => row.Family).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new FamilySummary(
                group.Key,
                group.Count(),
                group.Count(row => row.Rewards.AsSpan().ContainsAnyExcept(row.Rewards[0])),
                group.Sum(row => row.Rewards.Length),
                group.Average(row => row.Rewards.Average()))),
    ];

    private static bool IsRight(double reward) => reward >= RightFrom;
}
