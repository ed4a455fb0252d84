using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Plan;

/// <summary>What every allocation problem must satisfy before it is solved.</summary>
internal static class AllocationRules
{
    /// <exception cref="InvalidInputException">Lists everything that is wrong.</exception>
    public static void Check(AllocationProblem problem)
    {
        var errors = Bounds(problem).ToList();
        foreach (var task in problem.Tasks)
            if (!IsSound(task))
                errors.AddRange(Evidence(task));
        if (errors.Count > 0)
            throw new InvalidInputException(errors);
    }

    /// <exception cref="InvalidInputException">The budget does not pay for every task's minimum.</exception>
    public static void CheckFeasible(AllocationProblem problem, CostUnits units, Int128 least)
    {
        if (least <= units.Budget)
            return;
        var cost = problem.Tasks.Sum(task => task.Cost * Math.Max(0, problem.Min - task.Rolled));
        throw new InvalidInputException("budget", FormattableString.Invariant(
            $"{problem.Budget} is below the {cost} that min {problem.Min} of {problem.Tasks.Count} tasks costs: raise the budget or lower min"));
    }

    private static IEnumerable<InputError> Bounds(AllocationProblem problem)
    {
        if (!(problem.Budget is >= 0 and <= AllocationProblem.LargestAmount))
            yield return new InputError("budget", FormattableString.Invariant($"{problem.Budget} is not a budget: use 0 to {AllocationProblem.LargestAmount}"));
        if (problem.Min is < 0 or > AllocationProblem.MostRollouts)
            yield return new InputError("min", FormattableString.Invariant($"{problem.Min} is out of range: use 0 to {AllocationProblem.MostRollouts}"));
        if (problem.Max is < 1 or > AllocationProblem.MostRollouts || problem.Max < problem.Min)
            yield return new InputError("max", FormattableString.Invariant($"{problem.Max} is out of range: use 1 to {AllocationProblem.MostRollouts}, and at least min, {problem.Min}"));
        if (problem.Opening is < 2 or > AllocationProblem.MostRollouts)
            yield return new InputError("opening", FormattableString.Invariant($"{problem.Opening} is out of range: use 2 to {AllocationProblem.MostRollouts}"));
        if (!(problem.PriorStrength is > 0 and <= AllocationProblem.LargestAmount))
            yield return new InputError("priorStrength", FormattableString.Invariant($"{problem.PriorStrength} is out of range: use a number above 0"));
    }

    /// <summary>Whether <see cref="Evidence"/> has nothing to say, without its cost for each of a million tasks.</summary>
    private static bool IsSound(TaskEvidence task) =>
        task.Cost is > 0 and <= AllocationProblem.LargestAmount && task.Successes is >= 0 and <= AllocationProblem.LargestAmount && task.Failures is >= 0 and <= AllocationProblem.LargestAmount &&
        task.LastSuccessRate is null or (>= 0 and <= 1) && task.PriorMean is > 0 and < 1 &&
        task is { RolledSuccesses: >= 0, RolledFailures: >= 0 };

    private static IEnumerable<InputError> Evidence(TaskEvidence task)
    {
        if (!(task.Cost is > 0 and <= AllocationProblem.LargestAmount))
            yield return Wrong("cost", task.Cost, "a number above 0");
        if (!(task.Successes is >= 0 and <= AllocationProblem.LargestAmount))
            yield return Wrong("successes", task.Successes, "a number from 0");
        if (!(task.Failures is >= 0 and <= AllocationProblem.LargestAmount))
            yield return Wrong("failures", task.Failures, "a number from 0");
        if (task.LastSuccessRate is { } rate && !(rate is >= 0 and <= 1))
            yield return Wrong("success rate", rate, "a number from 0 to 1");
        if (!(task.PriorMean is > 0 and < 1))
            yield return Wrong("prior mean", task.PriorMean, "a number between 0 and 1");
        if (task.RolledSuccesses < 0 || task.RolledFailures < 0)
            yield return Wrong("count of this step's rollouts", Math.Min(task.RolledSuccesses, task.RolledFailures), "a number from 0");

        InputError Wrong(string what, double found, string wanted) =>
            new($"task {task.Task}", FormattableString.Invariant($"{what} {found} is out of range: use {wanted}"));
    }
}
