namespace KnapsackCloud.Core.Plan;

/// <summary>
/// Selection and allocation as one knapsack over the whole pool, with <see cref="AllocationProblem.Min"/> 0. Plainly it
/// crowds into the one difficulty that teaches most, so a task just visited cools down, and evidence fades while a task is left
/// alone: its posterior widens, which raises its value again.
/// </summary>
public static class PoolScope
{
    /// <summary>Whether a task last visited in <paramref name="lastStep"/> sits out <paramref name="step"/>.</summary>
    /// <param name="coolDown">Steps that a task rests after a visit, 0 or more.</param>
    public static bool Rests(int lastStep, int step, int coolDown) => step - lastStep <= coolDown;

    /// <summary>The evidence with its counts faded by half every <paramref name="halfLife"/> steps since the last visit.</summary>
    public static TaskEvidence Faded(TaskEvidence task, int stepsSince, double halfLife)
    {
        var kept = Math.Pow(0.5, Math.Max(0, stepsSince) / halfLife);
        return task with { Successes = kept * task.Successes, Failures = kept * task.Failures };
    }
}
