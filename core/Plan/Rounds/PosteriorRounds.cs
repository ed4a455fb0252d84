namespace KnapsackCloud.Core.Plan.Rounds;

/// <summary>
/// The posterior knapsack solved anew in every round on what the step has seen: a group that is mixed already adds
/// nothing, a uniform one is worth its conditional chance to become mixed. Every round spends an equal share of what is
/// left; what no group needs in the last goes to all evenly, as mixed groups still gain precision.
/// </summary>
internal sealed class PosteriorRounds : IRoundPolicy
{
    public string Name => "rounds";

    public Allocation Next(RoundProblem problem)
    {
        var left = problem.Rounds - problem.Round + 1;
        if (left < 1) return GivenCounts.Allocate(problem.Step, _ => 0);
        var budget = left == 1 ? problem.Step.Budget : Math.Max(Least(problem.Step), Math.Floor(problem.Step.Budget / left));
        return PosteriorPolicy.Allocate(problem.Step with { Budget = budget }, spendRest: left == 1);
    }

    private static double Least(AllocationProblem step) => step.Tasks.Sum(task => task.Cost * Math.Max(0, step.Min - task.Rolled));
}
