using System.Globalization;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Plan;

/// <summary>The tasks that a step's policy is offered, with what the ledger says of them. Pure: every round of a step is offered the same.</summary>
internal sealed class StepCandidates(RunSpec spec, IReadOnlyList<TrainingTask> pool, int step, IReadOnlyList<TaskRecord> ledger, PredictedLengths lengths)
{
    private const string Tokens = "tokens";

    /// <summary>Costs in thousandths of a token: sums of few digits are exact, so that a budget of so many rollouts a task buys them.</summary>
    public const int CostDigits = 3;

    private readonly Dictionary<TaskId, TaskRecord> _records = ledger.ToDictionary(record => record.Task);
    private readonly FamilyPriors _priors = FamilyPriors.Fit(ledger, step);

    /// <summary>The spec's, or as fitted to the ledger.</summary>
    public double PriorStrength => spec.Allocation.PriorStrength ?? _priors.Strength;

    /// <summary>In the order they were drawn, without rollouts of this step.</summary>
    /// <param name="reserve">Tasks to draw beyond the step's, as far as the pool has them.</param>
    public IReadOnlyList<TaskEvidence> Draw(int reserve) =>
        spec.Allocation.IsPool ? [.. Awake().Select(Faded)] : [.. Batch(reserve).Select(position => Evidence(pool[position]))];

    private int[] Batch(int reserve)
    {
        var wanted = Math.Min(pool.Count, spec.Tasks.PerStep + reserve);
        if (spec.Tasks.Selection == TaskSelection.Thompson)
            return ThompsonSelection.Select(Seeds.For(spec.Seed, string.Create(CultureInfo.InvariantCulture, $"step/{step}")), [.. pool.Select(Evidence)], PriorStrength, wanted);
        var batch = TaskSelection.ShuffledEpochs(spec.Seed, step, pool.Count, spec.Tasks.PerStep);
        return wanted == batch.Length ? batch : [.. batch.Concat(TaskSelection.ShuffledEpochs(~spec.Seed, step, pool.Count, wanted)).Distinct().Take(wanted)];
    }

    /// <summary>The pool without the tasks that cool down; so many of those, the longest rested first, that a step's number is there.</summary>
    private IEnumerable<TrainingTask> Awake()
    {
        var awake = pool.Where(task => !Rests(task)).ToList();
        return awake.Count >= spec.Tasks.PerStep
            ? awake
            : awake.Concat(pool.Where(Rests).OrderBy(task => _records[task.Id].LastStep).ThenBy(task => task.Id).Take(spec.Tasks.PerStep - awake.Count));
    }

    private bool Rests(TrainingTask task) =>
        _records.TryGetValue(task.Id, out var record) && PoolScope.Rests(record.LastStep, step, spec.Allocation.Pool.CoolDown);

    private TaskEvidence Faded(TrainingTask task) =>
        _records.TryGetValue(task.Id, out var record)
            ? PoolScope.Faded(Evidence(task), step - record.LastStep, spec.Allocation.Pool.HalfLife)
            : Evidence(task);

    private TaskEvidence Evidence(TrainingTask task)
    {
        var record = _records.GetValueOrDefault(task.Id);
        return new TaskEvidence
        {
            Task = task.Id,
            Family = task.Family,
            Successes = record?.Successes ?? 0,
            Failures = record?.Failures ?? 0,
            LastSuccessRate = record?.LastSuccessRate,
            PriorMean = _priors.MeanOf(task.Family),
            Cost = spec.Allocation.Unit == Tokens ? Math.Round(lengths.Of(task.Id), CostDigits) : 1,
            UniformVisits = record?.UniformVisits ?? 0,
        };
    }
}
