using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Plan;

/// <summary>Whether a budget can be used up. Policies refuse one below the minimum themselves; one that is too large is a mistake only where somebody typed it.</summary>
public static class AllocationBudget
{
    /// <summary>Null when the tasks at their largest count use the budget up.</summary>
    /// <param name="place">What the budget is called where it was given.</param>
    public static InputError? Unspendable(AllocationProblem problem, string place)
    {
        var most = problem.Tasks.Sum(task => (decimal)task.Cost) * problem.Max;
        return (decimal)problem.Budget <= most
            ? null
            : new InputError(place, FormattableString.Invariant($"{problem.Budget} is above the {most} that {problem.Tasks.Count} tasks at max {problem.Max} can use: lower it, raise max, or allow unspent budget"));
    }
}
