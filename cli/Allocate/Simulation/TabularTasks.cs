using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Cli.Allocate.Simulation;

/// <summary>How the learner weighs the rollouts of a step.</summary>
internal enum Weighting
{
    /// <summary>Mean over all rollouts: more mixed rollouts are a larger step.</summary>
    All,
    /// <summary>Mean over the rollouts of mixed groups.</summary>
    Effective,
    /// <summary>Mean over the mixed groups of the mean over each.</summary>
    Prompt,
}

/// <summary>One task's rollouts in a step.</summary>
internal readonly record struct SimulatedGroup(int Task, int Successes, int Rollouts)
{
    public bool Mixed => Successes > 0 && Successes < Rollouts;
}

/// <summary>
/// Tasks whose success rate is a logistic of a family's skill and their own, with no model behind: what a mixed group
/// teaches raises its task, its family and, less, all families. The policy gradient of a logit in a group of n with success
/// rate m is n sqrt(m(1-m)) under GRPO's advantages; its noise costs every family in the square of the learning rate, so
/// that there is a best one, and less where more rollouts share the weight.
/// </summary>
internal sealed class TabularTasks
{
    public const int Count = 1_024;
    public const int Families = 10;

    private const double EasiestFamily = 3;
    private const double FamilyStep = 0.9;
    private const double OwnGain = 2;
    private const double FamilyGain = 0.15;
    private const double OverallGain = 0.015;
    private const double NoiseCost = 0.6;

    private static readonly TaskId[] Ids = [.. Enumerable.Range(0, Count).Select(task => TaskId.Parse($"t{task:D4}"))];

    private readonly double[] _own = new double[Count];
    private readonly double[] _family = new double[Families];
    private readonly ulong _seed;

    public TabularTasks(ulong seed)
    {
        _seed = Seeds.For(seed, "tasks");
        for (var f = 0; f < Families; f++) _family[f] = EasiestFamily - (FamilyStep * f);
        for (var i = 0; i < Count; i++) _own[i] = Normal((ulong)i);
    }

    public static TaskId Id(int task) => Ids[task];

    public static string Family(int task) => $"f{task % Families}";

    public double SuccessRate(int task) => 1 / (1 + Math.Exp(-_family[task % Families] - _own[task]));

    public double MeanSuccessRate() => Enumerable.Range(0, Count).Average(SuccessRate);

    /// <summary>Successes of the rollouts [first, first + count) of a task in a step: the same draws for every policy.</summary>
    public int Roll(int step, int task, int first, int count)
    {
        var (seed, rate, successes) = (Seeds.Rollout(_seed, step, Id(task), 0), SuccessRate(task), 0);
        for (var i = first; i < first + count; i++) successes += CounterRandom.UniformAt(seed, (ulong)i) < rate ? 1 : 0;
        return successes;
    }

    public void Learn(IReadOnlyList<SimulatedGroup> groups, Weighting weighting, double learningRate)
    {
        double all = groups.Sum(group => group.Rollouts), mixed = groups.Count(group => group.Mixed), effective = groups.Where(group => group.Mixed).Sum(group => group.Rollouts);
        double overall = 0, noise = 0;
        foreach (var group in groups.Where(group => group.Mixed))
        {
            var weight = weighting switch { Weighting.All => 1 / all, Weighting.Effective => 1 / effective, _ => 1 / (mixed * group.Rollouts) };
            var m = (double)group.Successes / group.Rollouts;
            var push = learningRate * weight * group.Rollouts * Math.Sqrt(m * (1 - m));
            _own[group.Task] += OwnGain * push;
            _family[group.Task % Families] += FamilyGain * push;
            overall += OverallGain * push;
            noise += learningRate * learningRate * weight * weight * group.Rollouts;
        }

        for (var f = 0; f < Families; f++) _family[f] += overall - (NoiseCost * noise);
    }

    private double Normal(ulong n) =>
        Math.Sqrt(-2 * Math.Log(1 - CounterRandom.UniformAt(_seed, 2 * n))) * Math.Cos(2 * Math.PI * CounterRandom.UniformAt(_seed, (2 * n) + 1));
}
