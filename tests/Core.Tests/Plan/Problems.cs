using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;

namespace KnapsackCloud.Core.Tests.Plan;

/// <summary>Random allocation problems and what an exhaustive search makes of them.</summary>
internal static class Problems
{
    /// <summary>Success rates with everything that hurts: 0, 1, next to 0 and 1, duplicates.</summary>
    public static readonly Gen<double> Rate = Gen.Frequency(
        (6, Gen.Double[0, 1]), (1, Gen.Const(0.0)), (1, Gen.Const(1.0)), (1, Gen.Const(1e-9)), (1, Gen.Const(1 - 1e-9)), (2, Gen.OneOf(Gen.Const(0.125), Gen.Const(0.25), Gen.Const(0.5), Gen.Const(0.875))));

    public static readonly Gen<AllocationProblem> UnitCost =
        from count in Gen.Int[1, 6]
        from min in Gen.Int[1, 3]
        from width in Gen.Int[0, 6]
        from tasks in Tasks(count, Gen.Const(1.0))
        from share in Gen.OneOf(Gen.Double[0, 1], Gen.Const(0.0), Gen.Const(1.0))
        select new AllocationProblem { Tasks = tasks, Min = min, Max = Math.Max(2, min + width), Budget = Math.Floor(count * (min + (share * (Math.Max(2, min + width) - min)))) };

    /// <summary>Small whole costs, as of few tokens, so that an exhaustive search is exact.</summary>
    public static readonly Gen<AllocationProblem> TokenCost =
        from count in Gen.Int[2, 6]
        from min in Gen.Int[0, 2]
        from width in Gen.Int[2, 6]
        from tasks in Tasks(count, Gen.Int[1, 9].Select(cost => (double)cost))
        from share in Gen.Double[0, 1]
        select new AllocationProblem { Tasks = tasks, Min = min, Max = min + width, Budget = Math.Round(tasks.Sum(task => task.Cost) * (min + (share * width))) };

    /// <summary>The whole pool: no rollout has to be spent on any task.</summary>
    public static readonly Gen<AllocationProblem> Pool =
        from count in Gen.Int[1, 6]
        from max in Gen.Int[2, 7]
        from tasks in Tasks(count, Gen.Const(1.0))
        from budget in Gen.Int[0, count * max]
        select new AllocationProblem { Tasks = tasks, Min = 0, Max = max, Budget = budget };

    public static Gen<TaskEvidence[]> Tasks(int count, Gen<double> cost) =>
        from order in Gen.Shuffle(Enumerable.Range(0, count).ToArray())
        from parts in Gen.Select(Rate, Gen.Int[0, 8], Gen.Double[0.02, 0.98], cost).Array[count]
        select parts.Select((part, i) => new TaskEvidence
        {
            Task = TaskId.Parse($"t{order[i]}"),
            Successes = part.Item1 * part.Item2,
            Failures = (1 - part.Item1) * part.Item2,
            LastSuccessRate = part.Item1,
            PriorMean = part.Item3,
            Cost = part.Item4,
        }).ToArray();

    /// <summary>The best total value within the budget, by trying every count of every task.</summary>
    public static double Best(AllocationProblem problem, Func<TaskEvidence, int, double> value)
    {
        return From(0, problem.Budget);

        double From(int task, double budget)
        {
            if (task == problem.Tasks.Count)
                return 0;
            var (best, evidence) = (double.NegativeInfinity, problem.Tasks[task]);
            for (var n = problem.Min; n <= problem.Max && n * evidence.Cost <= budget * (1 + 1e-12); n++)
                best = Math.Max(best, value(evidence, n) + From(task + 1, budget - (n * evidence.Cost)));
            return best;
        }
    }

    /// <summary>The paper's value, written as in the paper.</summary>
    public static double PointValue(double p, int n) =>
        n < 2 ? 0 : (1 - Math.Pow(p, n) - Math.Pow(1 - p, n)) * p * (1 - p) * (1 - p);

    /// <summary>The mean of the paper's value under Beta(a, b), from its closed form.</summary>
    public static double PosteriorValue(double a, double b, int n) =>
        n < 2 ? 0 : Moment(a, b, 1, 2) - Moment(a, b, n + 1, 2) - Moment(a, b, 1, n + 2);

    /// <summary>E[p^j q^k] from the definition of the Beta function.</summary>
    public static double Moment(double a, double b, int j, int k)
    {
        double log = 0;
        for (var i = 0; i < j; i++)
            log += Math.Log(a + i);
        for (var i = 0; i < k; i++)
            log += Math.Log(b + i);
        for (var i = 0; i < j + k; i++)
            log -= Math.Log(a + b + i);
        return Math.Exp(log);
    }

    public static double PosteriorValue(TaskEvidence task, double strength, int n) =>
        PosteriorValue(task.Successes + (task.PriorMean * strength), task.Failures + ((1 - task.PriorMean) * strength), n);

    public static AllocationProblem Permute(AllocationProblem problem, int[] order) =>
        problem with { Tasks = [.. order.Select(i => problem.Tasks[i])] };
}
