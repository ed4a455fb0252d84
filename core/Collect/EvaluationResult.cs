using System.Globalization;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Collect;

/// <summary>What an evaluation found on some tasks.</summary>
/// <param name="MeanAtN">Mean reward over all rollouts.</param>
/// <param name="Ci95">Bootstrap interval of the mean over tasks.</param>
/// <param name="PassAtK">By k: chance that one of k rollouts is right, mean over tasks, with its bootstrap interval.</param>
public sealed record EvaluationMeasure(int Tasks, double MeanAtN, (double Low, double High) Ci95, IReadOnlyDictionary<int, (double Mean, (double Low, double High) Ci95)> PassAtK)
{
    /// <summary>A rollout counts as right, for pass@k, from this reward on.</summary>
    public const double RightFrom = 0.5;

    /// <param name="rewards">By task, then by rollout; every task has the same number of rollouts, at least one.</param>
    /// <param name="seed">Of the bootstrap.</param>
    internal static EvaluationMeasure Of(IReadOnlyList<double[]> rewards, ulong seed)
    {
        var samples = rewards[0].Length;
        var (mean, interval) = Mean(rewards.Select(task => task.Average()), seed);
        return new EvaluationMeasure(rewards.Count, mean, interval, Collect.PassAtK.ReportedFor(samples).ToDictionary(
            k => k, k => Mean(rewards.Select(task => Collect.PassAtK.Estimate(samples, task.Count(reward => reward >= RightFrom), k)), seed)));
    }

    private static (double Mean, (double Low, double High) Ci95) Mean(IEnumerable<double> byTask, ulong seed)
    {
        var values = byTask.ToArray();
        return (values.Average(), Bootstrap.MeanInterval95(values, seed));
    }
}

/// <summary>The tasks of one family or of one difficulty.</summary>
/// <param name="Family">Empty where it is a difficulty over all families.</param>
/// <param name="Difficulty">The number that ends a family's name, as in <c>add3</c> or <c>Algebra/Level 5</c>; null without one.</param>
public sealed record EvaluationPart(string Family, int? Difficulty, EvaluationMeasure Measure);

/// <summary>What an evaluation of a model on a task file found.</summary>
/// <param name="Samples">Rollouts per task.</param>
public sealed record EvaluationResult(int Samples, EvaluationMeasure All, IReadOnlyList<EvaluationPart> Families, IReadOnlyList<EvaluationPart> Difficulties)
{
    /// <param name="rewards">By task, then by rollout; every task has the same number of rollouts, at least one.</param>
    /// <param name="seed">Of the bootstrap.</param>
    public static EvaluationResult Of(IReadOnlyList<TrainingTask> tasks, IReadOnlyList<double[]> rewards, ulong seed)
    {
        var rows = tasks.Zip(rewards, (task, own) => (task.Family, Difficulty: DifficultyOf(task.Family), Rewards: own)).ToList();
        return new EvaluationResult(
            rewards[0].Length,
            EvaluationMeasure.Of(rewards, seed),
            [.. rows.GroupBy(row => row.Family).OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => new EvaluationPart(group.Key, DifficultyOf(group.Key), Measure(group.Select(row => row.Rewards))))],
            [.. rows.Where(row => row.Difficulty is not null).GroupBy(row => row.Difficulty).OrderBy(group => group.Key)
                .Select(group => new EvaluationPart("", group.Key, Measure(group.Select(row => row.Rewards))))]);

        EvaluationMeasure Measure(IEnumerable<double[]> own) => EvaluationMeasure.Of([.. own], seed);
    }

    private static int? DifficultyOf(string family)
    {
        var digits = family.AsSpan(family.AsSpan().TrimEnd("0123456789").Length);
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var difficulty) ? difficulty : null;
    }
}
