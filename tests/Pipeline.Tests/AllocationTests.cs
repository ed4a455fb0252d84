using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Pipeline.Tests;

/// <summary>What each way to spend a step's budget makes of a run.</summary>
public class AllocationTests
{
    [Fact]
    public async Task Every_way_to_spend_the_budget_ends_its_run_within_budget_and_bounds()
    {
        foreach (var spec in Samples.OtherAllocations)
        {
            var (status, blobs, _) = await Samples.UndisturbedAsync(spec);
            Assert.True(status.State == RunState.Completed, $"{spec.Allocation}: {status.Reason}");
            var rules = spec.Allocation;
            for (var step = 1; step <= spec.Steps; step++)
            {
                var rounds = Rounds(blobs, status.Id, step);
                var rollouts = rounds.SelectMany(round => round.Allocations).GroupBy(one => one.Task).Select(one => one.Sum(round => round.Rollouts)).ToList();
                Assert.All(rollouts, count => Assert.InRange(count, rules.IsPool ? rules.Pool.Opening : 2, rules.Max));
                Assert.True(rounds.Sum(round => round.Certificate.Spent) <= rounds[0].Certificate.Budget * (1 + 1e-12), $"{rules.Policy} overspent in step {step}");
                Assert.Equal([.. Enumerable.Repeat(false, rounds.Count - 1), true], rounds.Select(round => round.IsLast));
                Assert.Equal(rollouts.Sum(), rounds.SelectMany(round => round.Items).Where(item => item.Purpose == WorkPurpose.Training).Sum(item => item.Rollouts));
            }
        }
    }

    [Fact]
    public async Task Rounds_save_what_mixed_groups_no_longer_need_and_see_every_rollout_before()
    {
        var (status, blobs, _) = await Samples.UndisturbedAsync(Samples.Rounds);
        var rounds = Enumerable.Range(1, Samples.Spec.Steps).Select(step => Rounds(blobs, status.Id, step)).ToList();
        Assert.All(rounds, step => Assert.Equal(2, step.Count));
        Assert.True(status.Totals.Rollouts < 80, "two rounds spent as much as one");
        // A group that is known to be mixed gets no more.
        foreach (var again in rounds.SelectMany(step => step[1].Allocations).Where(one => one.PredictedMixed == 1)) Assert.Equal(0, again.Rollouts);
        Assert.Contains(rounds.SelectMany(step => step[1].Allocations), one => one.Rollouts > 0);
    }

    [Fact]
    public async Task A_pool_is_chosen_from_task_by_task_and_rests_what_was_just_visited()
    {
        var spec = Samples.OtherAllocations.First(spec => spec.Allocation is { IsPool: true, Policy: "posterior" });
        spec = spec with { Tasks = spec.Tasks with { PerStep = 3 }, Allocation = spec.Allocation with { Pool = new PoolSpec { Opening = 4, CoolDown = 1 } } };
        var (status, blobs, _) = await Samples.UndisturbedAsync(spec);
        var steps = Enumerable.Range(1, spec.Steps).Select(step => Rounds(blobs, status.Id, step)[0].Allocations.Select(one => one.Task).ToHashSet()).ToList();
        Assert.All(steps, tasks => Assert.InRange(tasks.Count, 1, 3));
        foreach (var (before, after) in steps.Zip(steps.Skip(1))) Assert.Empty(before.Intersect(after));
    }

    [Fact]
    public async Task The_price_of_cero_rises_after_a_dear_step_and_falls_after_a_cheap_one()
    {
        var spec = Samples.OtherAllocations.First(spec => spec.Allocation.Policy == "cero");
        var (status, blobs, _) = await Samples.UndisturbedAsync(spec);
        var plans = Enumerable.Range(1, spec.Steps).Select(step => Rounds(blobs, status.Id, step)[0]).ToList();
        Assert.Equal(spec.Allocation.Parameters.StartPrice, plans[0].Price);
        foreach (var (before, after) in plans.Zip(plans.Skip(1)))
            Assert.Equal(before.Price!.Value * Math.Exp(spec.Allocation.Parameters.PriceRate * ((before.Certificate.Spent / 16) - 1)), after.Price!.Value, 1e-12);
    }

    /// <summary>A doubled message, or a watchdog's, may be there before the round it follows is rolled out.</summary>
    [Fact]
    public async Task A_round_that_is_asked_for_too_early_is_not_planned()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var stored = new StoredRun();
        var run = await stored.StartAsync(Samples.Rounds);
        await stored.UpdateAsync(run, status => status with { PolicyVersion = new PolicyVersion(0), Phase = RunPhase.Plan });
        var handler = new PlanHandler(stored.Blobs, new RunTasks(stored.Store), stored.Statuses, stored, stored.Observer);
        await handler.HandleAsync(new PlanRequest(run, 1), cancellation);
        await handler.HandleAsync(new PlanRequest(run, 1, 2), cancellation);
        await handler.HandleAsync(new PlanRequest(run, 1, 3), cancellation);
        Assert.Equal(1, (await stored.Blobs.RequirePlanAsync(run, 1, cancellation)).Round);
    }

    private static List<StepPlan> Rounds(IReadOnlyDictionary<string, byte[]> blobs, RunId run, int step)
    {
        var rounds = new List<StepPlan>();
        while (blobs.TryGetValue(BlobNames.Plan(run, step, rounds.Count + 1).Value, out var plan)) rounds.Add(JsonSerializer.Deserialize(plan, ContractsJson.Default.StepPlan)!);
        return rounds;
    }
}
