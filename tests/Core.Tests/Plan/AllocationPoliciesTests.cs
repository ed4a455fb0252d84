using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Tests.Plan;

public class AllocationPoliciesTests
{
    private static readonly IAllocationPolicy Knapsack = AllocationPolicies.Create("knapsack");
    private static readonly IAllocationPolicy Posterior = AllocationPolicies.Create("posterior");
    private static readonly IAllocationPolicy Uniform = AllocationPolicies.Create("uniform");
    private static readonly IAllocationPolicy[] Optimising = [Knapsack, Posterior];

    [Fact]
    public void An_unknown_name_is_refused_with_the_names_there_are()
    {
        var refused = Assert.Throws<InvalidInputException>(() => AllocationPolicies.Create("greedy"));
        Assert.All(AllocationPolicies.Names, name => Assert.Contains(name, refused.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_policy_goes_by_its_name() =>
        Assert.All(AllocationPolicies.Names, name => Assert.Equal(name, AllocationPolicies.Create(name).Name));

    [Fact]
    public void The_knapsack_is_the_best_there_is() =>
        Problems.UnitCost.Sample(problem =>
        {
            var best = Problems.Best(problem, (task, n) => Problems.PointValue(task.LastSuccessRate!.Value, n));
            Assert.Equal(best, Knapsack.Allocate(problem).Certificate.Objective, 1e-12);
        }, iter: 3_000);

    [Fact]
    public void The_posterior_knapsack_is_the_best_there_is() =>
        Problems.UnitCost.Sample(problem =>
        {
            var best = Problems.Best(problem, (task, n) => Problems.PosteriorValue(task, problem.PriorStrength, n));
            Assert.Equal(best, Posterior.Allocate(problem).Certificate.Objective, 1e-11);
        }, iter: 3_000);

    [Fact]
    public void Every_allocation_keeps_the_bounds_and_spends_the_budget() =>
        Problems.UnitCost.Sample(problem =>
        {
            foreach (var allocation in AllocationPolicies.Names.Select(name => AllocationPolicies.Create(name).Allocate(problem)))
            {
                Assert.All(allocation.Rollouts, n => Assert.InRange(n, problem.Min, problem.Max));
                Assert.Equal(problem.Budget, allocation.Rollouts.Sum());
                Assert.Equal(problem.Budget, allocation.Certificate.Spent);
                Assert.Equal(allocation.Forecasts.Sum(forecast => forecast.Value), allocation.Certificate.Objective, 1e-12);
            }
        });

    [Fact]
    public void The_upper_bound_holds_and_is_met_where_the_policy_optimises() =>
        Problems.UnitCost.Sample(problem =>
        {
            foreach (var policy in Optimising)
                Assert.Equal(0, policy.Allocate(problem).Certificate.Gap, 1e-12);
            var uniform = Uniform.Allocate(problem).Certificate;
            var best = Posterior.Allocate(problem).Certificate.Objective;
            Assert.Equal(best, uniform.UpperBound, 1e-12);
            Assert.True(uniform.Objective <= best);
        });

    [Fact]
    public void Permuting_the_tasks_permutes_the_allocation_and_nothing_else() =>
        (from problem in Problems.UnitCost
         from order in Gen.Shuffle(Enumerable.Range(0, problem.Tasks.Count).ToArray())
         select (problem, order)).Sample(pair =>
         {
             var order = pair.order;
             foreach (var policy in AllocationPolicies.Names.Select(AllocationPolicies.Create))
             {
                 var (plain, permuted) = (policy.Allocate(pair.problem), policy.Allocate(Problems.Permute(pair.problem, order)));
                 Assert.Equal(order.Select(i => plain.Rollouts[i]), permuted.Rollouts);
                 Assert.Equal(order.Select(i => plain.Forecasts[i]), permuted.Forecasts);
                 Assert.Equal(plain.Certificate, permuted.Certificate);
             }
         });

    [Fact]
    public void Ties_go_to_the_task_with_fewer_rollouts_and_then_to_the_smaller_id()
    {
        string[] ids = ["c", "a", "b"];
        var tasks = Array.ConvertAll(ids, id => new TaskEvidence { Task = TaskId.Parse(id), LastSuccessRate = 0.5 });
        int[] expected = [3, 4, 4];
        foreach (var name in AllocationPolicies.Names)
            Assert.Equal(expected, AllocationPolicies.Create(name).Allocate(new AllocationProblem { Tasks = tasks, Budget = 11, Min = 2, Max = 8 }).Rollouts);
    }

    [Fact]
    public void A_large_problem_with_few_different_tasks_is_solved_as_a_small_one()
    {
        // Large enough for the sample, the threads and a long tie.
        double[] rates = [0.1, 0.3, 0.5, 0.7, 0];
        var problem = Repeated(rates, 20_000, 8);
        var small = Knapsack.Allocate(Repeated(rates, 1, 8));
        var large = Knapsack.Allocate(problem);
        Assert.Equal(20_000 * small.Certificate.Objective, large.Certificate.Objective, 1e-7);
        Assert.Equal(problem.Budget, large.Rollouts.Sum());
    }

    [Fact]
    public void A_large_random_problem_meets_its_bound()
    {
        var problem = Repeated([.. Enumerable.Range(0, 50_000).Select(i => CounterRandom.UniformAt(1, (ulong)i))], 1, 8);
        foreach (var policy in Optimising)
        {
            var allocation = policy.Allocate(problem);
            Assert.Equal(problem.Budget, allocation.Rollouts.Sum());
            Assert.Equal(0, allocation.Certificate.Gap);
            AssertNoSwapHelps(allocation, problem, policy == Knapsack);
        }
    }

    [Fact]
    public void A_task_never_seen_gets_the_uniform_count_from_the_knapsack_and_its_prior_from_the_posterior()
    {
        TaskEvidence[] tasks =
        [
            new() { Task = TaskId.Parse("hard"), LastSuccessRate = 0.25, Successes = 2, Failures = 6 },
            new() { Task = TaskId.Parse("easy"), LastSuccessRate = 0.875, Successes = 7, Failures = 1 },
            new() { Task = TaskId.Parse("new"), PriorMean = 0.02 },
            new() { Task = TaskId.Parse("new-and-likely"), PriorMean = 0.4 },
        ];
        var problem = new AllocationProblem { Tasks = tasks, Budget = 32, Min = 2, Max = 16 };
        Assert.Equal([8, 8], Knapsack.Allocate(problem).Rollouts.Skip(2));
        var posterior = Posterior.Allocate(problem).Rollouts;
        Assert.True(posterior[3] > posterior[2]);
    }

    [Fact]
    public void Everything_wrong_is_said_at_once()
    {
        TaskEvidence[] tasks = [new() { Task = TaskId.Parse("a"), Cost = double.NaN }, new() { Task = TaskId.Parse("b"), Successes = -1, LastSuccessRate = 2 }];
        var refused = Assert.Throws<InvalidInputException>(() => Posterior.Allocate(new AllocationProblem { Tasks = tasks, Budget = double.NaN, Min = 3, Max = 2 }));
        Assert.Equal(["budget", "max", "task a", "task b", "task b"], refused.Errors.Select(error => error.Place));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-1)]
    public void Costs_that_are_no_costs_are_refused(double cost)
    {
        var tasks = new[] { new TaskEvidence { Task = TaskId.Parse("a"), Cost = cost } };
        Assert.Throws<InvalidInputException>(() => Posterior.Allocate(new AllocationProblem { Tasks = tasks, Budget = 8, Min = 2, Max = 8 }));
    }

    [Fact]
    public void A_budget_below_the_minimum_is_refused()
    {
        var problem = Repeated([0.5], 4, 1);
        foreach (var name in AllocationPolicies.Names)
            Assert.Equal("budget", Assert.Single(Assert.Throws<InvalidInputException>(() => AllocationPolicies.Create(name).Allocate(problem)).Errors).Place);
    }

    [Fact]
    public void No_tasks_need_no_budget() =>
        Assert.All(AllocationPolicies.Names, name =>
            Assert.Empty(AllocationPolicies.Create(name).Allocate(new AllocationProblem { Tasks = [], Budget = 8, Min = 2, Max = 8 }).Rollouts));

    private static AllocationProblem Repeated(double[] rates, int times, int perTask) => new()
    {
        Tasks = [.. Enumerable.Range(0, rates.Length * times).Select(i => new TaskEvidence
        {
            Task = TaskId.Parse($"t{i:D6}"),
            LastSuccessRate = rates[i % rates.Length],
            Successes = 8 * rates[i % rates.Length],
            Failures = 8 * (1 - rates[i % rates.Length]),
        })],
        Budget = (double)rates.Length * times * perTask,
        Min = 2,
        Max = 128,
    };

    private static void AssertNoSwapHelps(Allocation allocation, AllocationProblem problem, bool point)
    {
        double worstTaken = double.PositiveInfinity, bestLeft = 0;
        for (var i = 0; i < problem.Tasks.Count; i++)
        {
            var (task, n) = (problem.Tasks[i], allocation.Rollouts[i]);
            var curve = point ? ValueCurve.Point(task.LastSuccessRate!.Value) : ValueCurve.Posterior(task.Successes + 1, task.Failures + 1);
            if (n > problem.Min)
                worstTaken = Math.Min(worstTaken, curve.Marginal(n - 1));
            if (n < problem.Max)
                bestLeft = Math.Max(bestLeft, curve.Marginal(n));
        }

        Assert.True(worstTaken >= bestLeft);
    }
}
