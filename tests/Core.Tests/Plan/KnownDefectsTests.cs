using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;

namespace KnapsackCloud.Core.Tests.Plan;

/// <summary>
/// The defects of the published knapsack code, each rebuilt as the rule had it: the test shows what goes wrong there and
/// that it does not here.
/// </summary>
public class KnownDefectsTests
{
    private static readonly IAllocationPolicy Knapsack = AllocationPolicies.Create("knapsack");

    [Fact]
    public void The_first_extra_rollout_is_credited_with_its_own_marginal()
    {
        // Credited with its whole value at min + 1, every poor task looks worth a rollout before a rich one gets its fifth.
        double[] rates = [0.35, 0.05, 0.05];
        var defective = Greedy(rates, min: 2, budget: 11, (p, n) => n == 2 ? Problems.PointValue(p, 3) : Marginal(p, n));
        var ours = Knapsack.Allocate(Problem(rates, 11, 2, 8)).Rollouts;
        Assert.Equal([7, 2, 2], ours);
        Assert.Equal([6, 3, 2], defective);
        Assert.True(Total(rates, defective) < Total(rates, [.. ours]));
    }

    [Fact]
    public void The_fallback_keeps_to_the_largest_count()
    {
        double[] rates = [0, 1, 1, 1];
        var defective = 2 + (32 - (2 * rates.Length));
        Assert.True(defective > 8);
        Assert.Equal([8, 8, 8, 8], Knapsack.Allocate(Problem(rates, 32, 2, 8)).Rollouts);
        Assert.Equal([8, 4, 4, 4], Knapsack.Allocate(Problem(rates, 20, 2, 8)).Rollouts);
    }

    [Fact]
    public void Budget_left_with_no_unsolved_task_is_no_division_by_zero()
    {
        double[] rates = [0.5, 0.5];
        var left = 40 - (2 * 16);
        Assert.Throws<DivideByZeroException>(() => left / rates.Count(rate => rate == 0));
        var allocation = Knapsack.Allocate(Problem(rates, 40, 2, 16));
        Assert.Equal([16, 16], allocation.Rollouts);
        Assert.Equal(32, allocation.Certificate.Spent);
    }

    [Fact]
    public void A_task_never_seen_is_not_taken_for_an_unsolvable_one()
    {
        TaskEvidence[] tasks = [Task("a", 0.3), Task("b", 0.4), Task("new", null)];
        var problem = new AllocationProblem { Tasks = tasks, Budget = 24, Min = 2, Max = 32 };
        var defective = Knapsack.Allocate(problem with { Tasks = [tasks[0], tasks[1], Task("new", 0)] }).Rollouts[2];
        Assert.Equal(2, defective);
        Assert.Equal(8, Knapsack.Allocate(problem).Rollouts[2]);
        Assert.True(AllocationPolicies.Create("posterior").Allocate(problem).Rollouts[2] > defective);
    }

    [Fact]
    public void A_largest_count_that_never_binds_is_as_good_as_none()
    {
        // The published code fails without one; here the contract's largest stands for it.
        var open = Knapsack.Allocate(Problem([0.01, 0.5], 300, 2, AllocationProblem.MostRollouts));
        Assert.Equal(300, open.Rollouts.Sum());
        Assert.Equal(open.Rollouts, Knapsack.Allocate(Problem([0.01, 0.5], 300, 2, 298)).Rollouts);
    }

    private static double Marginal(double p, int n) => Problems.PointValue(p, n + 1) - Problems.PointValue(p, n);

    private static double Total(double[] rates, int[] counts) => rates.Zip(counts, Problems.PointValue).Sum();

    private static int[] Greedy(double[] rates, int min, int budget, Func<double, int, double> credit)
    {
        var counts = Array.ConvertAll(rates, _ => min);
        for (var left = budget - (min * rates.Length); left > 0; left--)
        {
            var best = Enumerable.Range(0, rates.Length).MaxBy(i => credit(rates[i], counts[i]));
            counts[best]++;
        }

        return counts;
    }

    private static AllocationProblem Problem(double[] rates, double budget, int min, int max) =>
        new() { Tasks = [.. rates.Select((rate, i) => Task($"t{i}", rate))], Budget = budget, Min = min, Max = max };

    private static TaskEvidence Task(string id, double? rate) =>
        new() { Task = TaskId.Parse(id), LastSuccessRate = rate, Successes = 8 * (rate ?? 0), Failures = rate is null ? 0 : 8 * (1 - rate.Value) };
}
