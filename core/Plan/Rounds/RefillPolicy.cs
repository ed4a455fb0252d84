namespace KnapsackCloud.Core.Plan.Rounds;

/// <summary>
/// DAPO's dynamic sampling (arXiv 2503.14476): groups of one size, uniform ones are dropped, and tasks are drawn from the
/// reserve until the step has its number of mixed groups, or rounds, tasks or budget end.
/// </summary>
internal sealed class RefillPolicy : IRoundPolicy
{
    public string Name => "refill";
    public int RoundsByDefault => 3;
    public double BudgetFactorByDefault => 3;
    public bool DrawsReserve => true;

    public Allocation Next(RoundProblem problem)
    {
        var missing = problem.Groups - problem.Step.Tasks.Count(task => task.RolledMixed);
        if (problem.Round > problem.Rounds) missing = 0;
        return GivenCounts.Allocate(problem.Step, i =>
            problem.Step.Tasks[i].Rolled == 0 && missing-- > 0 ? problem.GroupSize : 0);
    }
}
