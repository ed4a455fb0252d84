namespace KnapsackCloud.Core.Plan;

/// <summary>
/// The same rollouts for every task, as GRPO does; what does not divide goes to the first tasks in id order. Valued on
/// the posterior, so that its certificate shows what is left on the table.
/// </summary>
internal sealed class UniformPolicy : IAllocationPolicy
{
    public string Name => "uniform";

    public Allocation Allocate(AllocationProblem problem)
    {
        var work = new AllocationWork(problem, task => Belief.Posterior(task, problem.PriorStrength));
        return work.CertifyAgainst(work.Solve(), work.SpendRest(work.Least(), _ => true));
    }
}
