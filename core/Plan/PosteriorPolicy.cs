namespace KnapsackCloud.Core.Plan;

/// <summary>
/// The knapsack on a Beta posterior of each success rate instead of its last mean. A task never solved keeps a chance, so
/// hard tasks are paid by the same rule as all; a task never seen starts from its family's prior.
/// </summary>
internal sealed class PosteriorPolicy : IAllocationPolicy
{
    public string Name => "posterior";

    public Allocation Allocate(AllocationProblem problem)
    {
        var work = new AllocationWork(problem, task => Belief.Posterior(task, problem.PriorStrength));
        return work.Certify(work.SpendRest(work.Solve(), _ => true));
    }
}
