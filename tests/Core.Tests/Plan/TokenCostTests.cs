using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Tests.Plan;

public class TokenCostTests
{
    private static readonly IAllocationPolicy Posterior = AllocationPolicies.Create("posterior");

    [Fact]
    public void Small_problems_are_solved_to_the_proven_optimum() =>
        Problems.TokenCost.Sample(problem =>
        {
            var certificate = Posterior.Allocate(problem).Certificate;
            var best = Problems.Best(problem, (task, n) => Problems.PosteriorValue(task, problem.PriorStrength, n));
            Assert.Equal(best, certificate.Objective, 1e-9);
            Assert.Equal(0, certificate.Gap, 1e-9);
        }, iter: 3_000);

    [Fact]
    public void The_whole_pool_is_solved_to_the_proven_optimum() =>
        Problems.Pool.Sample(problem =>
        {
            var certificate = Posterior.Allocate(problem).Certificate;
            var best = Problems.Best(problem, (task, n) => Problems.PosteriorValue(task, problem.PriorStrength, n));
            Assert.Equal(best, certificate.Objective, 1e-9);
            Assert.Equal(0, certificate.Gap, 1e-9);
        }, iter: 3_000);

    [Fact]
    public void Allocations_keep_the_budget_and_the_bounds() =>
        Problems.TokenCost.Sample(problem =>
        {
            foreach (var allocation in AllocationPolicies.Names.Select(name => AllocationPolicies.Create(name).Allocate(problem)))
            {
                var spent = allocation.Rollouts.Zip(problem.Tasks).Sum(pair => pair.First * pair.Second.Cost);
                Assert.True(spent <= problem.Budget);
                Assert.Equal(spent, allocation.Certificate.Spent, 1e-9);
                Assert.All(allocation.Rollouts, n => Assert.InRange(n, problem.Min, problem.Max));
                Assert.True(allocation.Certificate.UpperBound >= allocation.Certificate.Objective);
            }
        });

    [Fact]
    public void Up_to_24_tasks_the_gap_is_at_most_a_thousandth() =>
        (from count in Gen.Int[2, 24]
         from tasks in Problems.Tasks(count, Gen.Int[1, 9].Select(cost => (double)cost))
         from budget in Gen.Int[2, 20]
         select new AllocationProblem { Tasks = tasks, Min = 2, Max = 32, Budget = tasks.Sum(task => task.Cost) * budget }).Sample(problem =>
             Assert.InRange(Posterior.Allocate(problem).Certificate.Gap, 0, 1e-3), iter: 200);

    [Theory]
    [InlineData(4_096, 8, 2)]
    [InlineData(20_000, 8, 2)]
    [InlineData(20_000, 0.05, 0)]
    public void Many_tasks_of_real_costs_come_within_a_millionth_of_the_bound(int count, double perTask, int min)
    {
        var tasks = Enumerable.Range(0, count).Select(i => Random(i, cost: 50 + (450 * CounterRandom.UniformAt(3, (ulong)i)))).ToArray();
        var problem = new AllocationProblem { Tasks = tasks, Min = min, Max = 128, Budget = tasks.Sum(task => task.Cost) * perTask };
        var certificate = Posterior.Allocate(problem).Certificate;
        Assert.InRange(certificate.Gap, 0, 1e-6);
        Assert.InRange(certificate.Spent, problem.Budget * 0.999, problem.Budget);
    }

    [Fact]
    public void Permuting_the_tasks_permutes_the_allocation_and_nothing_else() =>
        (from problem in Gen.OneOf(Problems.TokenCost, Problems.Pool)
         from order in Gen.Shuffle(Enumerable.Range(0, problem.Tasks.Count).ToArray())
         select (problem, order)).Sample(pair =>
         {
             var (plain, permuted) = (Posterior.Allocate(pair.problem), Posterior.Allocate(Problems.Permute(pair.problem, pair.order)));
             Assert.Equal(pair.order.Select(i => plain.Rollouts[i]), permuted.Rollouts);
             Assert.Equal(plain.Certificate, permuted.Certificate);
         });

    [Fact]
    public void Ten_rollouts_of_a_tenth_fit_a_budget_of_one()
    {
        var tasks = new[] { new TaskEvidence { Task = TaskId.Parse("a"), Cost = 0.1 } };
        var allocation = Posterior.Allocate(new AllocationProblem { Tasks = tasks, Budget = 1, Min = 2, Max = 32 });
        Assert.Equal(10, Assert.Single(allocation.Rollouts));
        Assert.Equal(1, allocation.Certificate.Spent);
    }

    [Fact]
    public void A_group_of_the_pool_has_none_or_at_least_two_rollouts() =>
        Problems.Pool.Sample(problem => Assert.DoesNotContain(1, Posterior.Allocate(problem).Rollouts));

    private static TaskEvidence Random(int i, double cost)
    {
        var rate = CounterRandom.UniformAt(4, (ulong)i);
        return new TaskEvidence { Task = TaskId.Parse($"t{i}"), LastSuccessRate = rate, Successes = 8 * rate, Failures = 8 * (1 - rate), Cost = cost };
    }
}
