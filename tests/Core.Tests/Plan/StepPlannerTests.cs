using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Stages;
using KnapsackCloud.Core.Tests.Collect;

namespace KnapsackCloud.Core.Tests.Plan;

public class StepPlannerTests
{
    private static readonly IReadOnlyList<TrainingTask> Tasks = [.. "abcd".Select(letter => new TrainingTask(TaskId.Parse($"{letter}"), "f", "1+1=", "2"))];

    private static RunSpec Spec(AllocationSpec allocation) => new()
    {
        Tasks = new TaskSpec { PerStep = 4 },
        Allocation = allocation with { RolloutsPerTask = 4, Max = 8 },
        Evaluation = new EvaluationSpec { Every = 0 },
    };

    private static StepPlan First(RunSpec spec) => new StepPlanner(spec, Tasks, []).Plan(1, []);

    /// <summary>The step after its first round, with these rewards per task; a task without any lost its rollouts.</summary>
    private static StepPlan Second(RunSpec spec, StepPlan first, Func<TaskId, int, double?> reward) => new StepPlanner(spec, Tasks, []).Plan(1, [], new StepSoFar(
        first, [.. first.Allocations.Select(one => Rollouts.Group(one.Task.Value, [.. Enumerable.Range(0, one.Rollouts).Select(i => reward(one.Task, i))]))]));

    [Fact]
    public void A_second_round_goes_on_where_the_first_stopped_counting()
    {
        var spec = Spec(new AllocationSpec { Policy = "rounds" });
        var first = First(spec);
        var second = Second(spec, first, (task, i) => task.Value == "a" ? i % 2 : 1);
        Assert.Equal((1, false, 2, true), (first.Round, first.IsLast, second.Round, second.IsLast));
        Assert.Equal(0, second.Allocations.Single(one => one.Task.Value == "a").Rollouts);
        var chunks = second.Items.SelectMany(item => item.Chunks).ToList();
        Assert.NotEmpty(chunks);
        Assert.All(second.Items, item => Assert.StartsWith("r02-t", item.Id, StringComparison.Ordinal));
        foreach (var task in chunks.GroupBy(chunk => chunk.Task))
            Assert.Equal(first.Allocations.Single(one => one.Task == task.Key).Rollouts, task.Min(chunk => chunk.First));
        Assert.True(first.Certificate.Spent + second.Certificate.Spent <= 16);
    }

    [Fact]
    public void A_step_whose_groups_are_all_mixed_is_done_after_its_first_round()
    {
        var spec = Spec(new AllocationSpec { Policy = "rounds", Rounds = 3 });
        var second = Second(spec, First(spec), (_, i) => i % 2);
        Assert.True(second.IsLast);
        Assert.Empty(second.Items);
    }

    [Fact]
    public void Rollouts_that_were_lost_are_made_up_for_within_the_budget()
    {
        var spec = Spec(new AllocationSpec { Policy = "rounds" });
        var first = First(spec);
        var second = Second(spec, first, (task, i) => task.Value == "b" ? null : i % 2);
        Assert.True(second.Allocations.Single(one => one.Task.Value == "b").Rollouts >= 2);
        Assert.True(first.Certificate.Spent + second.Certificate.Spent <= 16);
    }

    [Fact]
    public void Rewards_between_0_and_1_leave_mixed_groups_mixed_and_uniform_ones_uniform()
    {
        var spec = Spec(new AllocationSpec { Policy = "rounds" });
        var second = Second(spec, First(spec), (task, i) => task.Value switch { "a" => 0.1 + (0.01 * i), "b" => 0.3, _ => 0.9 });
        Assert.Equal(1, second.Allocations.Single(one => one.Task.Value == "a").PredictedMixed);
        Assert.All(second.Allocations.Where(one => one.Task.Value != "a"), one => Assert.InRange(one.PredictedMixed, 0, 0.999));
    }

    [Fact]
    public void Rounds_as_one_plan_add_up()
    {
        var spec = Spec(new AllocationSpec { Policy = "rounds" });
        var first = First(spec);
        var second = Second(spec, first, (_, _) => 1);
        var merged = StepPlans.Merge([first, second]);
        Assert.Equal((2, true), (merged.Round, merged.IsLast));
        Assert.Equal(first.Items.Count + second.Items.Count, merged.Items.Count);
        Assert.Equal(merged.Allocations.Sum(one => one.Rollouts), merged.Items.Sum(item => item.Rollouts));
        Assert.Equal(merged.Certificate.Spent, first.Certificate.Spent + second.Certificate.Spent);
        Assert.Equal(second.Allocations.Select(one => one.PredictedMixed), merged.Allocations.Select(one => one.PredictedMixed));
    }

    [Fact]
    public void A_budget_in_tokens_buys_fewer_rollouts_of_long_answers()
    {
        TaskRecord Record(string task, double tokens) => new() { Task = TaskId.Parse(task), Family = "f", Successes = 2, Failures = 2, Visits = 1, LastSuccessRate = 0.5, MeanCompletionTokens = tokens, LastStep = 1 };
        var plan = new StepPlanner(Spec(new AllocationSpec { Unit = "tokens" }), Tasks, []).Plan(2, [Record("a", 100), Record("b", 10), Record("c", 10.3333333), Record("d", 33.1)]);
        var rollouts = plan.Allocations.ToDictionary(one => one.Task.Value, one => one.Rollouts);
        Assert.True(rollouts["a"] < rollouts["b"], "the same value at ten times the cost");
        Assert.True(plan.Certificate.Spent <= plan.Certificate.Budget);
        Assert.Equal(4 * (100 + 10 + 10.333 + 33.1), plan.Certificate.Budget, 1e-9);
    }

    [Fact]
    public void A_pool_that_rests_gives_those_that_rested_longest()
    {
        TaskRecord Record(string task, int last) => new() { Task = TaskId.Parse(task), Family = "f", Successes = 2, Failures = 2, Visits = 1, LastSuccessRate = 0.5, MeanCompletionTokens = 5, LastStep = last };
        var spec = Spec(new AllocationSpec { Scope = "pool", Min = 0, Pool = new PoolSpec { Opening = 2, CoolDown = 5 } }) with { Tasks = new TaskSpec { PerStep = 2 } };
        var plan = new StepPlanner(spec, Tasks, []).Plan(6, [Record("a", 5), Record("b", 2), Record("c", 4), Record("d", 3)]);
        Assert.Equal(["b", "d"], plan.Allocations.Select(one => one.Task.Value).Order());
    }
}
