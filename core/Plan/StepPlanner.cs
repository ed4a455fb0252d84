using System.Globalization;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan.Rounds;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Plan;

/// <summary>
/// Makes the plan of a step's next round from the spec, the run's tasks, the ledger and what the step's earlier rounds brought.
/// Pure: the same input gives the same plan, byte for byte, so that planners that race write the same blob.
/// </summary>
public sealed class StepPlanner(RunSpec spec, IReadOnlyList<TrainingTask> training, IReadOnlyList<TrainingTask> evaluation)
{
    private readonly IRoundPolicy _policy = RoundPolicies.Create(spec.Allocation.Policy);

    /// <summary>Whether <see cref="Plan"/> needs the plan of the step before.</summary>
    public bool NeedsPrevious => _policy.HasPrice;

    /// <param name="step">1 to the steps of the spec, or one more for the closing step.</param>
    /// <param name="ledger">After the step before.</param>
    /// <param name="soFar">The step's earlier rounds; null for the first.</param>
    /// <param name="previous">Plan of the step before where <see cref="NeedsPrevious"/> and there is one, else null.</param>
    /// <exception cref="InvalidInputException">The tasks are fewer than a step needs, or the budget leaves it without a rollout.</exception>
    public StepPlan Plan(int step, IReadOnlyList<TaskRecord> ledger, StepSoFar? soFar = null, StepPlan? previous = null)
    {
        var lengths = new PredictedLengths(ledger, spec.Sampling.MaxTokens);
        var plan = EvaluationSchedule.IsClosing(spec, step) ? Bare(step, []) : Allocate(step, ledger, lengths, soFar, previous);
        var planned = soFar?.Plan.Allocations.ToDictionary(one => one.Task, one => one.Rollouts) ?? [];
        var demands = plan.Allocations.Where(one => one.Rollouts > 0).Select(one => new GroupDemand(one.Task, one.Rollouts, lengths.Of(one.Task), planned.GetValueOrDefault(one.Task))).ToList();
        var items = WorkItemSplitter.Split(demands, WorkPurpose.Training, spec.Splitting, plan.Round);
        if (soFar is null && EvaluationSchedule.IsDue(spec, step)) items = [.. items, .. EvaluationItems(lengths)];
        if (soFar is null && items.Count == 0) throw new InvalidInputException("allocation", $"the budget leaves step {step} without a rollout: raise allocation.rolloutsPerTask");
        // A round that buys nothing says that the step is done.
        return plan with { Items = items, IsLast = plan.IsLast || demands.Count == 0 };
    }

    private StepPlan Bare(int step, IReadOnlyList<TaskAllocation> allocations) => new()
    {
        Step = step,
        Policy = PolicyLag.GeneratorOf(spec, step),
        AllocationPolicy = spec.Allocation.Policy,
        Allocations = allocations,
        Certificate = new PlanCertificate(0, 0, 0, 0, 0),
        Items = [],
    };

    private StepPlan Allocate(int step, IReadOnlyList<TaskRecord> ledger, PredictedLengths lengths, StepSoFar? soFar, StepPlan? previous)
    {
        var candidates = new StepCandidates(spec, training, step, ledger, lengths);
        var offered = candidates.Draw(_policy.DrawsReserve ? spec.Allocation.Parameters.Reserve * spec.Tasks.PerStep : 0);
        var groups = soFar?.Groups.ToDictionary(group => group.Task);
        var rolled = groups is null ? offered : [.. offered.Select(task => StepSoFar.Rolled(task, groups.GetValueOrDefault(task.Task)))];
        var problem = Problem(step, rolled, candidates.PriorStrength, soFar, previous);
        var allocation = _policy.Next(problem);
        return Bare(step, Allocations(rolled, allocation, soFar)) with
        {
            Round = problem.Round,
            IsLast = problem.Round == problem.Rounds,
            Price = _policy.HasPrice ? problem.Price : null,
            // A policy may hold back some of it for later rounds; what was at hand is the budget.
            Certificate = allocation.Certificate with { Budget = problem.Step.Budget },
        };
    }

    /// <summary>Tasks without a rollout are left out of the plan: in pool scope they are nearly all.</summary>
    private static IReadOnlyList<TaskAllocation> Allocations(IReadOnlyList<TaskEvidence> tasks, Allocation allocation, StepSoFar? soFar)
    {
        var known = soFar?.Plan.Allocations.Select(one => one.Task).ToHashSet();
        return [.. tasks.Index().Where(pair => allocation.Rollouts[pair.Index] > 0 || known?.Contains(pair.Item.Task) == true).Select(pair =>
        {
            var forecast = allocation.Forecasts[pair.Index];
            return new TaskAllocation(pair.Item.Task, allocation.Rollouts[pair.Index], forecast.Value, pair.Item.Cost, forecast.SuccessRate, forecast.Mixed);
        })];
    }

    private RoundProblem Problem(int step, IReadOnlyList<TaskEvidence> tasks, double priorStrength, StepSoFar? soFar, StepPlan? previous)
    {
        var rules = spec.Allocation;
        // What a uniform allocation over the step's number of tasks would cost, so that budgets in tokens and in rollouts compare.
        var share = rules.RolloutsPerTask * spec.Tasks.PerStep * tasks.Average(task => task.Cost);
        var left = (share * (rules.BudgetFactor ?? _policy.BudgetFactorByDefault)) - (soFar?.Plan.Certificate.Spent ?? 0);
        left = Math.Max(0, Math.Round(left, StepCandidates.CostDigits));
        return new RoundProblem
        {
            Step = new AllocationProblem
            {
                Tasks = tasks,
                Budget = left,
                Min = Affordable(rules.Min, tasks, left),
                Max = rules.Max,
                Opening = rules.IsPool ? rules.Pool.Opening : 2,
                PriorStrength = priorStrength,
            },
            Round = (soFar?.Plan.Round ?? 0) + 1,
            Rounds = _policy.SpendsAtOnce ? 1 : rules.Rounds ?? _policy.RoundsByDefault,
            GroupSize = rules.RolloutsPerTask,
            Groups = spec.Tasks.PerStep,
            Seed = Seeds.For(spec.Seed, string.Create(CultureInfo.InvariantCulture, $"step/{step}")),
            Price = Price(tasks, previous, share),
            Parameters = rules.Parameters,
        };
    }

    /// <summary>The minimum, or less where rollouts that were lost left too little budget to make up for.</summary>
    private static int Affordable(int min, IReadOnlyList<TaskEvidence> tasks, double budget)
    {
        while (min > 0 && Math.Round(tasks.Sum(task => task.Cost * Math.Max(0, min - task.Rolled)), StepCandidates.CostDigits) > budget) min--;
        return min;
    }

    private double Price(IReadOnlyList<TaskEvidence> tasks, StepPlan? previous, double share)
    {
        var rules = spec.Allocation.Parameters;
        return previous?.Price is { } price
            ? BudgetPrice.Next(price, rules.PriceRate, previous.Certificate.Spent, share)
            : rules.StartPrice / tasks.Average(task => task.Cost);
    }

    private IReadOnlyList<WorkItem> EvaluationItems(PredictedLengths lengths) =>
        WorkItemSplitter.Split(
            [.. evaluation.Select(task => new GroupDemand(task.Id, spec.Evaluation.Samples, lengths.Overall))], WorkPurpose.Evaluation, spec.Splitting);
}
