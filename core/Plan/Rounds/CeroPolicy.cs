namespace KnapsackCloud.Core.Plan.Rounds;

/// <summary>
/// A budget price over the whole run, as CERO has it (arXiv 2606.05606): on the Beta posterior, every rollout worth more than
/// the price is bought, within what is left of the step's budget. The price rises after steps that spent too much and falls
/// after those that spent too little, so budget moves from poor steps to rich ones.
/// </summary>
internal sealed class CeroPolicy : IRoundPolicy
{
    /// <summary>Prices further below than this are not looked for.</summary>
    private const double LeastShareOfPrice = 1e-12;
    private const double PricePrecision = 1.01;

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
        return best.Price >= problem.Price ? work.Certify(best) : work.CertifyAgainst(best, BuyAt(work, best.Price, problem.Price));
    }

    /// <summary>What is worth the price; where nothing is, for the whole pool may have become poorer than it was, the little that is worth most.</summary>
    /// <param name="buying">A lower price, at which something is bought if anything ever is.</param>
    private static KnapsackSolution BuyAt(AllocationWork work, double buying, double price)
    {
        var bought = work.BuyAt(price);
        if (IsSomething(bought)) return bought;
        var (low, high) = (Math.Max(buying, price * LeastShareOfPrice), price);
        bought = work.BuyAt(low);
        while (high > low * PricePrecision)
        {
            var middle = Math.Sqrt(low * high);
            var less = work.BuyAt(middle);
            if (IsSomething(less)) (low, bought) = (middle, less);
            else high = middle;
        }

        return bought;
    }

    private static bool IsSomething(KnapsackSolution solution) => solution.Counts.AsSpan().ContainsAnyExcept(0);
}

/// <summary>The price of <see cref="CeroPolicy"/> from step to step.</summary>
public static class BudgetPrice
{
    /// <summary>price * exp(rate (spent / share - 1)), share being one step's part of the run's budget: a step of the dual ascent.</summary>
    public static double Next(double price, double rate, double spent, double share) => price * Math.Exp(rate * ((spent / share) - 1));
}
