using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Estimate;

/// <summary>A run without a model: every task's success rate is drawn once from its Beta posterior and then stands still.</summary>
internal sealed class ForecastWorld(RunSpec spec, IReadOnlyList<TrainingTask> training, IReadOnlyList<TaskRecord> before, ulong seed)
{
    private readonly StepPlanner _planner = new(spec, training, []);
    private readonly Dictionary<TaskId, TaskRecord> _before = before.ToDictionary(record => record.Task);
    private readonly FamilyPriors _priors = FamilyPriors.Fit(before, step: 0);
    private readonly PredictedLengths _lengths = new(before, spec.Sampling.MaxTokens);
    private readonly Dictionary<TaskId, string> _families = training.ToDictionary(task => task.Id, task => task.Family);
    private readonly Dictionary<TaskId, double> _rates = [];
    private IReadOnlyList<TaskRecord> _ledger = before;
    private StepPlan? _previous;
    private double _rewards;
    private int _steps;

    public RunTotals Totals { get; private set; } = new();

    public double MeanReward => _steps == 0 ? 0 : _rewards / _steps;

    /// <summary>Plans the step round by round, draws its outcomes and folds them into the ledger.</summary>
    public void Advance(int step)
    {
        var random = new CounterRandom(Seeds.For(seed, FormattableString.Invariant($"step/{step}")));
        StepSoFar? soFar = null;
        do
        {
            var round = _planner.Plan(step, _ledger, soFar, _previous);
            soFar = Roll(round, soFar, ref random);
        }
        while (!soFar.Plan.IsLast);

        _ledger = LedgerFold.Fold(_ledger, step, soFar.Groups, spec.Allocation.Discount, task => _families[task]);
        _previous = soFar.Plan;
        Count(StepSummaries.Summarise(soFar.Plan, soFar.Groups, evaluation: null, [], task => _families[task]));
    }

    private StepSoFar Roll(StepPlan round, StepSoFar? soFar, ref CounterRandom random)
    {
        var groups = soFar?.Groups.ToDictionary(group => group.Task) ?? [];
        foreach (var allocation in round.Allocations.Where(one => one.Rollouts > 0))
        {
            var group = groups.GetValueOrDefault(allocation.Task) ?? new TaskGroup<RolloutOutcome>(allocation.Task, 0, []);
            var rolled = new RolloutOutcome[allocation.Rollouts];
            for (var i = 0; i < rolled.Length; i++) rolled[i] = Outcome(allocation.Task, group.Planned + i, random.NextDouble());
            groups[allocation.Task] = new TaskGroup<RolloutOutcome>(allocation.Task, group.Planned + rolled.Length, [.. group.Arrived, .. rolled]);
        }

        var plan = soFar is null ? round : StepPlans.Merge([soFar.Plan, round]);
        return new StepSoFar(plan, [.. plan.Allocations.Where(one => groups.ContainsKey(one.Task)).Select(one => groups[one.Task])]);
    }

    private RolloutOutcome Outcome(TaskId task, int index, double draw) => new()
    {
        Task = task,
        Index = index,
        CompletionTokens = (int)Math.Round(_lengths.Of(task)),
        Reward = draw < Rate(task) ? 1 : 0,
        Policy = default,
    };

    private double Rate(TaskId task)
    {
        if (_rates.TryGetValue(task, out var known)) return known;
        var (record, prior) = (_before.GetValueOrDefault(task), _priors.MeanOf(_families[task]));
        var random = new CounterRandom(Seeds.For(seed, $"rate/{task}"));
        return _rates[task] = ThompsonSelection.Beta(
            ref random,
            (record?.Successes ?? 0) + (prior * _priors.Strength),
            (record?.Failures ?? 0) + ((1 - prior) * _priors.Strength));
    }

    private void Count(StepSummary summary)
    {
        _steps++;
        _rewards += summary.MeanReward;
        Totals = RunLimits.Add(Totals, RunLimits.TotalsOf(summary, learning: null));
    }
}
