namespace KnapsackCloud.Core.Plan.Rounds;

/// <summary>
/// The posterior knapsack solved anew in every round on what the step has seen: a group that is mixed already adds
/// nothing, a uniform one is worth its conditional chance to become mixed. Every round may spend an equal share of what is
/// left, but buys no rollout worth less than the last one that the whole budget would have bought in one shot: what
/// mixed groups no longer need is saved for later steps instead of being spent on hopeless ones. With a single round it is the
/// one-shot posterior.
/// </summary>
internal sealed class PosteriorRounds(string name, int roundsByDefault) : IRoundPolicy
{
    public const string OneShotName = "posterior";

    /// <summary>A sum of costs may come out a little below what the solver, exact, finds that they cost.</summary>
    private const double Rounding = 1e-9;

    private static readonly IAllocationPolicy OneShot = AllocationPolicies.Create(OneShotName);

    public string Name => name;
    public int RoundsByDefault => roundsByDefault;
    public bool CanChooseFromPool => true;

    public Allocation Next(RoundProblem problem)
    {
        if (problem is { Round: 1, Rounds: 1 }) return OneShot.Allocate(problem.Step);
        var (step, left) = (problem.Step, problem.Rounds - problem.Round + 1);
        if (left < 1) return GivenCounts.Allocate(step, _ => 0);
        var share = left == 1 ? step.Budget : Math.Min(step.Budget, Math.Max(Least(step) * (1 + Rounding), Math.Floor(step.Budget / left)));
        var work = Work(step with { Budget = share });
        var best = work.Solve();
        var price = OneShotPrice(step);
        return best.Price >= price ? work.Certify(best) : work.CertifyAgainst(best, work.BuyAt(price));
    }

    /// <summary>Worth per cost at which the step's whole budget would have run out, had it been spent before the first round.</summary>
    private static double OneShotPrice(AllocationProblem step)
    {
        var spent = step.Tasks.Sum(task => task.Cost * task.Rolled);
        var fresh = step.Tasks.Select(task => task with { RolledSuccesses = 0, RolledFailures = 0 });
        return Work(step with { Budget = step.Budget + spent, Tasks = [.. fresh] }).Solve().Price;
    }

    private static AllocationWork Work(AllocationProblem problem) => new(problem, task => Belief.Posterior(task, problem.PriorStrength));

    private static double Least(AllocationProblem step) => step.Tasks.Sum(task => task.Cost * Math.Max(0, step.Min - task.Rolled));
}
