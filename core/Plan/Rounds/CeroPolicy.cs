namespace KnapsackCloud.Core.Plan.Rounds;

/// <summary>
/// A budget price over the whole run, as CERO has it (arXiv 2606.05606): on the Beta posterior, every rollout worth more than
/// the price is bought, within what is left of the step's budget. The price rises after steps that spent too much and falls
/// after those that spent too little, so budget moves from poor steps to rich ones.
/// </summary>
internal sealed class CeroPolicy : IRoundPolicy
{
    public string Name => "cero";
    public bool SpendsAtOnce => true;
    public double BudgetFactorByDefault => 2;
    public bool CanChooseFromPool => true;
    public bool HasPrice => true;

    public Allocation Next(RoundProblem problem)
    {
        if (problem.Round > 1) return GivenCounts.Allocate(problem.Step, _ => 0);
        var work = new AllocationWork(problem.Step, task => Belief.Posterior(task, problem.Step.PriorStrength));
        var best = work.Solve();
        return best.Price >= problem.Price ? work.Certify(best) : work.CertifyAgainst(best, work.BuyAt(problem.Price));
    }
}

/// <summary>The price of <see cref="CeroPolicy"/> from step to step.</summary>
public static class BudgetPrice
{
    /// <summary>price * exp(rate (spent / share - 1)), share being one step's part of the run's budget: a step of the dual ascent.</summary>
    public static double Next(double price, double rate, double spent, double share) => price * Math.Exp(rate * ((spent / share) - 1));
}
