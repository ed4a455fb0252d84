using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Collect;

/// <summary>The task ledger as a fold: ledger k is a pure function of ledger k-1 and the groups of step k.</summary>
public static class LedgerFold
{
    /// <summary>Sorted by task id. A task without a scored rollout in the step keeps its row as it is.</summary>
    /// <param name="discount">Share of the old evidence kept at a visit, in (0, 1].</param>
    /// <param name="familyOf">Family of a task that has no row yet.</param>
    public static IReadOnlyList<TaskRecord> Fold(
        IReadOnlyList<TaskRecord> ledger, int step, IEnumerable<TaskGroup<RolloutOutcome>> groups, double discount, Func<TaskId, string> familyOf)
    {
        var records = ledger.ToDictionary(record => record.Task);
        foreach (var group in groups.Where(group => group.Scored.Count > 0))
            records[group.Task] = Visit(records.GetValueOrDefault(group.Task) ?? Unseen(group.Task, familyOf(group.Task)), step, group, discount);
        return [.. records.Values.OrderBy(record => record.Task)];
    }

    private static TaskRecord Unseen(TaskId task, string family) => new()
    {
        Task = task,
        Family = family,
        Successes = 0,
        Failures = 0,
        Visits = 0,
        LastSuccessRate = 0,
        MeanCompletionTokens = 0,
        LastStep = 0,
    };

    /// <summary>A reward between 0 and 1 counts as that share of a success.</summary>
    private static TaskRecord Visit(TaskRecord record, int step, TaskGroup<RolloutOutcome> group, double discount)
    {
        var successes = group.Scored.Sum(rollout => Math.Clamp(rollout.Reward!.Value, 0, 1));
        var tokens = group.Scored.Sum(rollout => (double)rollout.CompletionTokens);
        var kept = discount * (record.Successes + record.Failures);
        return record with
        {
            Successes = discount * record.Successes + successes,
            Failures = discount * record.Failures + (group.Scored.Count - successes),
            Visits = record.Visits + 1,
            LastSuccessRate = group.MeanReward,
            MeanCompletionTokens = (kept * record.MeanCompletionTokens + tokens) / (kept + group.Scored.Count),
            LastStep = step,
            UniformVisits = group.IsMixed ? 0 : record.UniformVisits + 1,
        };
    }
}
