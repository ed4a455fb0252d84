namespace KnapsackCloud.Core.Plan;

/// <summary>
/// The knapsack on a Beta posterior of each success rate instead of its last mean. A task never solved keeps a chance, so
/// hard tasks are paid by the same rule as all; a task never seen starts from its family's prior.
/// </summary>
internal sealed class PosteriorPolicy : IAllocationPolicy
{
    public string Name => "posterior";

    public Allocation Allocate(AllocationProblem problem) => Allocate(problem, spendRest: true);

    /// <param name="spendRest">Whether budget that nothing of worth can use is spent on all tasks evenly.</param>
    public static Allocation Allocate(AllocationProblem problem, bool spendRest)
    {
        var work = new AllocationWork(problem, task => Belief.Posterior(task, problem.PriorStrength));
        var solved = work.Solve();
        return work.Certify(spendRest ? work.SpendRest(solved, _ => true) : solved);
    }
}
