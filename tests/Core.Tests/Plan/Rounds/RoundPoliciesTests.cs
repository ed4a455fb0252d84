using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Plan.Rounds;

namespace KnapsackCloud.Core.Tests.Plan.Rounds;

public class RoundPoliciesTests
{
    [Fact]
    public void Every_policy_goes_by_its_name_and_an_unknown_one_is_refused()
    {
        Assert.All(RoundPolicies.Names, name => Assert.Equal(name, RoundPolicies.Create(name).Name));
        var refused = Assert.Throws<InvalidInputException>(() => RoundPolicies.Create("greedy"));
        Assert.All(RoundPolicies.Names, name => Assert.Contains(name, refused.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_policy_keeps_budget_and_bounds_and_comes_to_an_end() =>
        Gen.Select(Problems.UnitCost, Gen.Int[1, 4], Gen.ULong).Sample((problem, rounds, seed) =>
        {
            foreach (var name in RoundPolicies.Names)
            {
                var step = problem;
                for (var round = 1; round <= rounds + 2; round++)
                {
                    var next = RoundPolicies.Create(name).Next(Round(step, round, rounds, seed));
                    Assert.InRange(next.Rollouts.Sum(), 0, step.Budget);
                    Assert.Equal(next.Rollouts.Sum(), next.Certificate.Spent);
                    Assert.True(next.Certificate.Objective <= next.Certificate.UpperBound);
                    step = Rolled(step, next.Rollouts, seed);
                    Assert.All(step.Tasks, task => Assert.InRange(task.Rolled, 0, problem.Max));
                    if (round > rounds) Assert.All(next.Rollouts, count => Assert.Equal(0, count));
                }
            }
        }, iter: 100);

    [Fact]
    public void A_round_planned_again_is_planned_alike() =>
        Gen.Select(Problems.UnitCost, Gen.ULong).Sample((problem, seed) =>
            Assert.All(RoundPolicies.Names, name => Assert.Equal(
                RoundPolicies.Create(name).Next(Round(problem, 1, 2, seed)).Rollouts,
                RoundPolicies.Create(name).Next(Round(problem, 1, 2, seed)).Rollouts)), iter: 100);

    [Fact]
    public void A_later_round_is_the_best_continuation_there_is() =>
        (from problem in Problems.UnitCost
         from rolled in Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3]).Array[problem.Tasks.Count]
         from budget in Gen.Int[0, 12]
         select problem with { Min = 0, Max = 8, Budget = budget, Tasks = [.. problem.Tasks.Zip(rolled, (task, r) => task with { RolledSuccesses = r.Item1, RolledFailures = r.Item2 })] }).Sample(problem =>
         {
             var allocation = AllocationPolicies.Create("posterior").Allocate(problem);
             var best = BestContinuation(problem, 0, (int)problem.Budget);
             Assert.Equal(best, allocation.Certificate.Objective, 1e-9);
             Assert.Equal(0, allocation.Certificate.Gap, 1e-9);
         }, iter: 500);

    [Fact]
    public void Rounds_leave_mixed_groups_alone_and_go_on_with_uniform_ones()
    {
        var step = Step(budget: 16, ("mixed", 2, 2), ("failed", 0, 4), ("solved", 4, 0));
        var next = RoundPolicies.Create("rounds").Next(Round(step, 2, 2, 1)).Rollouts;
        Assert.Equal(0, next[0]);
        Assert.True(next[1] > 0);
        Assert.True(next[2] > 0);
    }

    [Fact]
    public void Rounds_save_what_mixed_groups_no_longer_need()
    {
        var step = Step(budget: 16, ("a", 2, 2), ("b", 1, 3), ("c", 3, 1));
        Assert.Equal([0, 0, 0], RoundPolicies.Create("rounds").Next(Round(step, 2, 2, 1)).Rollouts);
    }

    [Fact]
    public void Refill_draws_from_the_reserve_for_every_uniform_group()
    {
        var step = Step(budget: 32, ("a", 8, 0), ("b", 3, 5), ("c", 0, 0), ("d", 0, 0));
        Assert.Equal([0, 0, 8, 0], RoundPolicies.Create("refill").Next(Round(step, 2, 3, 1)).Rollouts);
    }

    [Fact]
    public void Skip_tries_a_task_less_often_the_longer_its_groups_were_uniform()
    {
        int Tried(int uniformVisits) => Enumerable.Range(0, 2_000).Count(seed =>
        {
            var step = Step(budget: 8, ("a", 0, 0));
            step = step with { Tasks = [step.Tasks[0] with { UniformVisits = uniformVisits }] };
            return RoundPolicies.Create("skip").Next(Round(step, 1, 1, (ulong)seed)).Rollouts[0] > 0;
        });
        Assert.Equal(2_000, Tried(0));
        Assert.InRange(Tried(1), 900, 1_100);
        Assert.InRange(Tried(3), 180, 320);
    }

    [Fact]
    public void Pilot_commit_commits_to_tasks_that_are_neither_solved_nor_hopeless()
    {
        var fresh = Step(budget: 64, ("a", 0, 0), ("b", 0, 0), ("c", 0, 0), ("d", 0, 0));
        Assert.Equal([4, 4, 4, 4], RoundPolicies.Create("pilot-commit").Next(Round(fresh, 1, 2, 1, groups: 4)).Rollouts);
        var piloted = Step(budget: 48, ("a", 4, 0), ("b", 0, 4), ("c", 1, 3), ("d", 3, 1));
        Assert.Equal([0, 0, 12, 12], RoundPolicies.Create("pilot-commit").Next(Round(piloted, 2, 2, 1, groups: 4)).Rollouts);
    }

    [Fact]
    public void A_price_saves_budget_that_buys_too_little()
    {
        var step = Step(budget: 64, ("a", 0, 0), ("b", 0, 0));
        var cero = RoundPolicies.Create("cero");
        var free = cero.Next(Round(step, 1, 1, 1)).Rollouts.Sum();
        var dear = cero.Next(Round(step, 1, 1, 1) with { Price = 5e-3 }).Rollouts.Sum();
        Assert.Equal(32, free);
        Assert.InRange(dear, 4, 31);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1e6)]
    public void A_price_above_all_there_is_to_buy_still_buys_what_is_worth_most(double price)
    {
        var step = Step(budget: 64, ("a", 0, 0), ("b", 20, 20), ("c", 0, 40)) with { Min = 0 };
        var bought = RoundPolicies.Create("cero").Next(Round(step, 1, 1, 1) with { Price = price });
        Assert.Equal(0, bought.Rollouts[2]);
        Assert.InRange(bought.Rollouts.Sum(), 1, 8);
    }

    [Fact]
    public void The_price_rises_after_a_dear_step_and_falls_after_a_cheap_one()
    {
        Assert.True(BudgetPrice.Next(1e-3, 0.2, 600, 512) > 1e-3);
        Assert.True(BudgetPrice.Next(1e-3, 0.2, 400, 512) < 1e-3);
        Assert.Equal(1e-3, BudgetPrice.Next(1e-3, 0.2, 512, 512));
    }

    [Fact]
    public void A_pool_task_rests_after_a_visit_and_its_evidence_fades()
    {
        Assert.True(PoolScope.Rests(lastStep: 5, step: 7, coolDown: 3));
        Assert.False(PoolScope.Rests(lastStep: 5, step: 9, coolDown: 3));
        var task = Step(budget: 8, ("a", 0, 0)).Tasks[0] with { Successes = 8, Failures = 4 };
        var faded = PoolScope.Faded(task, 32, halfLife: 32);
        Assert.Equal(4, faded.Successes, 1e-12);
        Assert.Equal(2, faded.Failures, 1e-12);
    }

    [Theory]
    [InlineData(2, 1e-6)]
    [InlineData(4, 4.0 / 5_001)]
    public void A_large_pool_is_solved_to_within_what_its_openings_leave_over(int opening, double gap)
    {
        var tasks = Enumerable.Range(0, 50_000).Select(i => Step(8, ($"t{i}", 0, 0)).Tasks[0] with { Successes = i % 97 / 10.0, Failures = i % 89 / 10.0 }).ToArray();
        var allocation = AllocationPolicies.Create("posterior").Allocate(new AllocationProblem { Tasks = tasks, Budget = 5_001, Min = 0, Max = 32, Opening = opening });
        Assert.InRange(allocation.Certificate.Gap, 0, gap);
        Assert.All(allocation.Rollouts, count => Assert.True(count == 0 || (count >= opening && count <= 32)));
        Assert.InRange(allocation.Rollouts.Sum(), 5_001 - opening, 5_001);
    }

    private static double BestContinuation(AllocationProblem problem, int task, int budget)
    {
        if (task == problem.Tasks.Count) return 0;
        var (best, evidence) = (double.NegativeInfinity, problem.Tasks[task]);
        for (var n = 0; n <= Math.Min(budget, Math.Max(0, problem.Max - evidence.Rolled)); n++)
            best = Math.Max(best, Continuation(evidence, n) + BestContinuation(problem, task + 1, budget - n));
        return best;
    }

    /// <summary>E[p q^2 1(mixed after n more and not before)] from the moments of the posterior.</summary>
    private static double Continuation(TaskEvidence task, int n)
    {
        var (a, b) = (task.Successes + task.RolledSuccesses + (2 * task.PriorMean), task.Failures + task.RolledFailures + (2 * (1 - task.PriorMean)));
        if (task.Rolled == 0) return Problems.PosteriorValue(a, b, n);
        if (task.RolledMixed) return 0;
        return task.RolledSuccesses > 0
            ? Problems.Moment(a, b, 1, 2) - Problems.Moment(a, b, 1 + n, 2)
            : Problems.Moment(a, b, 1, 2) - Problems.Moment(a, b, 1, 2 + n);
    }

    private static RoundProblem Round(AllocationProblem step, int round, int rounds, ulong seed, int groups = 2) =>
        new() { Step = step, Round = round, Rounds = rounds, GroupSize = 8, Groups = groups, Seed = seed };

    private static AllocationProblem Step(double budget, params (string Id, int Successes, int Failures)[] tasks) => new()
    {
        Tasks = [.. tasks.Select(task => new TaskEvidence { Task = TaskId.Parse(task.Id), RolledSuccesses = task.Successes, RolledFailures = task.Failures })],
        Budget = budget,
        Min = 2,
        Max = 16,
    };

    private static AllocationProblem Rolled(AllocationProblem step, IReadOnlyList<int> further, ulong seed) => step with
    {
        Budget = step.Budget - further.Sum(),
        Tasks = [.. step.Tasks.Zip(further, (task, n) => (seed & 1) == 0
            ? task with { RolledSuccesses = task.RolledSuccesses + (n / 2), RolledFailures = task.RolledFailures + n - (n / 2) }
            : task with { RolledFailures = task.RolledFailures + n })],
    };
}
