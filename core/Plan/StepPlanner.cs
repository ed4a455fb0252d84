using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Plan;

/// <summary>
/// Makes a step's plan from the spec, the run's tasks and the ledger. Pure: the same input gives the same plan, byte for
/// byte, so that planners that race write the same blob.
/// </summary>
public sealed class StepPlanner(RunSpec spec, IReadOnlyList<TrainingTask> training, IReadOnlyList<TrainingTask> evaluation)
{
    private const string Tokens = "tokens";

    /// <param name="step">1 to the steps of the spec, or one more for the closing step.</param>
    /// <param name="ledger">After the step before.</param>
    /// <exception cref="InvalidInputException">The tasks are fewer than a step needs, or the policy is not known.</exception>
    public StepPlan Plan(int step, IReadOnlyList<TaskRecord> ledger)
    {
        var policy = new PolicyVersion(step - 1);
        var lengths = new PredictedLengths(ledger, spec.Sampling.MaxTokens);
        var (allocations, certificate) = EvaluationSchedule.IsClosing(spec, step) ? ([], new PlanCertificate(0, 0, 0, 0, 0)) : Allocate(step, ledger, lengths);
        var demands = allocations.Where(one => one.Rollouts > 0).Select(one => new GroupDemand(one.Task, one.Rollouts, lengths.Of(one.Task))).ToList();
        var items = WorkItemSplitter.Split(demands, WorkPurpose.Training, spec.Splitting);
        if (EvaluationSchedule.IsDue(spec, policy)) items = [.. items, .. EvaluationItems(lengths)];
        if (items.Count == 0) throw new InvalidInputException("allocation", $"the budget leaves step {step} without a rollout: raise allocation.rolloutsPerTask");
        return new StepPlan
        {
            Step = step,
            Policy = policy,
            AllocationPolicy = spec.Allocation.Policy,
            Allocations = allocations,
            Certificate = certificate,
            Items = items,
        };
    }

    private (IReadOnlyList<TaskAllocation> Allocations, PlanCertificate Certificate) Allocate(int step, IReadOnlyList<TaskRecord> ledger, PredictedLengths lengths)
    {
        var priors = FamilyPriors.Fit(ledger, step);
        var records = ledger.ToDictionary(record => record.Task);
        var batch = TaskSelection.ShuffledEpochs(spec.Seed, step, training.Count, spec.Tasks.PerStep);
        var evidence = batch.Select(position => training[position])
            .Select(task => Evidence(task, records.GetValueOrDefault(task.Id), priors, lengths)).ToList();
        var allocation = AllocationPolicies.Create(spec.Allocation.Policy).Allocate(new AllocationProblem
        {
            Tasks = evidence,
            // What as many rollouts for every task would cost, so that a budget in tokens and one in rollouts compare.
            Budget = spec.Allocation.RolloutsPerTask * evidence.Sum(task => task.Cost),
            Min = spec.Allocation.Min,
            Max = spec.Allocation.Max,
            PriorStrength = spec.Allocation.PriorStrength,
        });
        var allocations = evidence.Select((task, i) =>
        {
            var forecast = allocation.Forecasts[i];
            return new TaskAllocation(task.Task, allocation.Rollouts[i], forecast.Value, task.Cost, forecast.SuccessRate, forecast.Mixed);
        });
        return ([.. allocations], allocation.Certificate);
    }

    private TaskEvidence Evidence(TrainingTask task, TaskRecord? record, FamilyPriors priors, PredictedLengths lengths) => new()
    {
        Task = task.Id,
        Family = task.Family,
        Successes = record?.Successes ?? 0,
        Failures = record?.Failures ?? 0,
        LastSuccessRate = record?.LastSuccessRate,
        PriorMean = priors.MeanOf(task.Family),
        Cost = spec.Allocation.Unit == Tokens ? lengths.Of(task.Id) : 1,
    };

    private IReadOnlyList<WorkItem> EvaluationItems(PredictedLengths lengths) =>
        WorkItemSplitter.Split(
            [.. evaluation.Select(task => new GroupDemand(task.Id, spec.Evaluation.Samples, lengths.Overall))], WorkPurpose.Evaluation, spec.Splitting);
}
