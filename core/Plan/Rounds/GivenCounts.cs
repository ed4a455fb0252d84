namespace KnapsackCloud.Core.Plan.Rounds;

/// <summary>Counts by rule of thumb, valued on the posterior: the certificate shows what the rule leaves on the table.</summary>
internal static class GivenCounts
{
    /// <summary>Takes the tasks in their order, each with as many rollouts as the rule wants, the largest count allows and the budget still pays.</summary>
    public static Allocation Allocate(AllocationProblem problem, Func<int, int> wanted)
    {
        var free = problem with { Min = 0 };
        var work = new AllocationWork(free, task => Belief.Posterior(task, problem.PriorStrength));
        return work.CertifyAgainst(work.Solve(), work.Buy(wanted));
    }
}
