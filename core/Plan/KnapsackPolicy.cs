namespace KnapsackCloud.Core.Plan;

/// <summary>
/// The paper's rule (arXiv 2509.25849): the success rate of a task is its last visit's mean; a task never seen gets the
/// uniform number of rollouts; budget that no task with an estimate between 0 and 1 can use falls back to tasks of
/// estimate 0, and when those are full too, to the others. Unlike the published code it credits each rollout with its own
/// marginal, keeps to the largest count in the fallback, and does not take a task never seen for an unsolvable one.
/// The certificate is for the tasks with an estimate; the others count the same in objective and bound.
/// </summary>
internal sealed class KnapsackPolicy : IAllocationPolicy
{
    public string Name => "knapsack";

    public Allocation Allocate(AllocationProblem problem)
    {
        var work = new AllocationWork(
            problem,
            task => Belief.Point(task, task.LastSuccessRate ?? task.PriorMean),
            (task, uniform) => task.LastSuccessRate is null ? uniform : null);
        var solved = work.SpendRest(work.Solve(), task => task.LastSuccessRate is 0);
        return work.Certify(work.SpendRest(solved, task => task.LastSuccessRate is not null));
    }
}
