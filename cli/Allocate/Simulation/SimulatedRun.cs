using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Plan.Rounds;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Cli.Allocate.Simulation;

/// <summary>What is compared: a round policy, the tasks it is given, and how the learner weighs.</summary>
/// <param name="Rounds">Most rounds of a step.</param>
/// <param name="Pool">Whether the whole pool is offered instead of a drawn batch.</param>
/// <param name="Opening">Fewest rollouts of a task taken from the pool.</param>
/// <param name="BudgetFactor">Most that one step may spend, in uniform step budgets; the run's budget is the same for all.</param>
/// <param name="Reserve">Whether tasks beyond the batch are drawn for it to take in.</param>
internal sealed record SimulatedPolicy(string Name, string Policy, int Rounds = 1, bool Pool = false, int Opening = 2, double BudgetFactor = 1, bool Reserve = false);

/// <param name="GradientRatio">Up to the target, so that a slow learner is not credited with tasks that stay undecided for longer.</param>
internal sealed record SimulatedOutcome(double Final, double GradientRatio, double PromptRatio, double RolloutsToTarget);

/// <summary>One training run of tabular tasks until its budget of rollouts is spent.</summary>
internal sealed class SimulatedRun(SimulatedPolicy arm, Weighting weighting, double learningRate, ulong seed)
{
    public const int PerStep = 64;
    public const int GroupSize = 8;
    public const int StepBudget = PerStep * GroupSize;
    public const int Steps = 150;
    /// <summary>Mean success rate of the pool; a run that never has it counts its whole budget.</summary>
    public const double Target = 0.6;

    private const double Discount = 0.5;

    private static readonly PolicyParameters Parameters = new();
    private static readonly PoolSpec PoolRules = new();

    private readonly IRoundPolicy _policy = RoundPolicies.Create(arm.Policy);
    private readonly TabularTasks _tasks = new(seed);
    private readonly TaskRecord?[] _ledger = new TaskRecord?[TabularTasks.Count];
    private readonly int[] _uniformVisits = new int[TabularTasks.Count];
    private double _price = Parameters.StartPrice;

    public SimulatedOutcome Run()
    {
        long rollouts = 0, counted = 0, mixedRollouts = 0, groups = 0, mixedGroups = 0, toTarget = Steps * StepBudget;
        var reached = false;
        for (var step = 1; rollouts < Steps * StepBudget && step <= 4 * Steps; step++)
        {
            var results = Step(step, Math.Min((Steps * StepBudget) - rollouts, (long)(arm.BudgetFactor * StepBudget)));
            _tasks.Learn(results, weighting, learningRate);
            rollouts += results.Sum(group => group.Rollouts);
            if (reached) continue;
            counted += results.Sum(group => group.Rollouts);
            groups += results.Count;
            mixedGroups += results.Count(group => group.Mixed);
            mixedRollouts += results.Where(group => group.Mixed).Sum(group => group.Rollouts);
            if (_tasks.MeanSuccessRate() < Target) continue;
            (reached, toTarget) = (true, rollouts);
        }

        return new SimulatedOutcome(_tasks.MeanSuccessRate(), (double)mixedRollouts / counted, (double)mixedGroups / groups, toTarget);
    }

    private List<SimulatedGroup> Step(int step, long budget)
    {
        var drawn = Draw(step);
        var priors = FamilyPriors.Fit(_ledger.OfType<TaskRecord>(), step);
        var evidence = drawn.Select(task => Evidence(task, step, priors)).ToArray();
        var left = budget;
        for (var round = 1; left > 0 && round <= arm.Rounds; round++)
        {
            var further = _policy.Next(Problem(evidence, priors.Strength, left, round, step)).Rollouts;
            if (further.All(count => count == 0)) break;
            left -= further.Sum();
            for (var i = 0; i < evidence.Length; i++) evidence[i] = Roll(evidence[i], step, drawn[i], further[i]);
        }

        _price = BudgetPrice.Next(_price, Parameters.PriceRate, budget - left, StepBudget);
        for (var i = 0; i < evidence.Length; i++) Remember(drawn[i], step, evidence[i]);
        return [.. evidence.Select((task, i) => new SimulatedGroup(drawn[i], task.RolledSuccesses, task.Rolled)).Where(group => group.Rollouts > 0)];
    }

    private int[] Draw(int step)
    {
        if (arm.Pool) return [.. Enumerable.Range(0, TabularTasks.Count).Where(task => _ledger[task] is not { } record || !PoolScope.Rests(record.LastStep, step, PoolRules.CoolDown))];
        var batch = TaskSelection.ShuffledEpochs(seed, step, TabularTasks.Count, PerStep);
        return arm.Reserve ? [.. batch.Concat(TaskSelection.ShuffledEpochs(~seed, step, TabularTasks.Count, 4 * PerStep)).Distinct()] : batch;
    }

    private RoundProblem Problem(TaskEvidence[] evidence, double priorStrength, long budget, int round, int step) => new()
    {
        Step = new AllocationProblem { Tasks = evidence, Budget = budget, Min = arm.Pool || arm.Reserve ? 0 : Math.Min(2, (int)(budget / PerStep)), Max = 32, Opening = arm.Opening, PriorStrength = priorStrength },
        Round = round,
        Rounds = arm.Rounds,
        GroupSize = GroupSize,
        Groups = PerStep,
        Seed = Seeds.For(seed, $"step/{step}"),
        Price = _price,
    };

    private TaskEvidence Evidence(int task, int step, FamilyPriors priors)
    {
        var evidence = new TaskEvidence
        {
            Task = TabularTasks.Id(task),
            Family = TabularTasks.Family(task),
            Successes = _ledger[task]?.Successes ?? 0,
            Failures = _ledger[task]?.Failures ?? 0,
            LastSuccessRate = _ledger[task]?.LastSuccessRate,
            PriorMean = priors.MeanOf(TabularTasks.Family(task)),
            UniformVisits = _uniformVisits[task],
        };
        return arm.Pool && _ledger[task] is { } record ? PoolScope.Faded(evidence, step - record.LastStep, PoolRules.HalfLife) : evidence;
    }

    private TaskEvidence Roll(TaskEvidence task, int step, int number, int count)
    {
        var successes = _tasks.Roll(step, number, task.Rolled, count);
        return task with { RolledSuccesses = task.RolledSuccesses + successes, RolledFailures = task.RolledFailures + count - successes };
    }

    /// <summary>As the ledger's fold does.</summary>
    private void Remember(int task, int step, TaskEvidence result)
    {
        if (result.Rolled == 0) return;
        var before = _ledger[task];
        _ledger[task] = new TaskRecord
        {
            Task = result.Task,
            Family = result.Family,
            Successes = (Discount * (before?.Successes ?? 0)) + result.RolledSuccesses,
            Failures = (Discount * (before?.Failures ?? 0)) + result.RolledFailures,
            Visits = (before?.Visits ?? 0) + 1,
            LastSuccessRate = (double)result.RolledSuccesses / result.Rolled,
            MeanCompletionTokens = 1,
            LastStep = step,
        };
        _uniformVisits[task] = result.RolledMixed ? 0 : _uniformVisits[task] + 1;
    }
}
