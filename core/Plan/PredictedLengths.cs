using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Plan;

/// <summary>Expected completion tokens of a rollout: the task's own mean, else that of the tasks seen, else the longest allowed. At least 1.</summary>
public sealed class PredictedLengths(IReadOnlyList<TaskRecord> ledger, int maxTokens)
{
    private readonly Dictionary<TaskId, double> _known = ledger.ToDictionary(record => record.Task, record => Math.Max(1, record.MeanCompletionTokens));

    /// <summary>For a task that nothing is known of. The prompt is not counted: it is computed once a group.</summary>
    public double Overall { get; } = ledger.Count == 0 ? maxTokens : Math.Max(1, ledger.Average(record => record.MeanCompletionTokens));

    public double Of(TaskId task) => _known.GetValueOrDefault(task, Overall);
}
