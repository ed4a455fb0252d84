namespace KnapsackCloud.Core.Plan;

/// <summary>
/// Costs and budget as whole numbers of one small decimal unit, so that sums are exact and 10 rollouts of 0.1 fit a
/// budget of 1. Inputs are taken at 15 significant digits; what is finer than the unit is rounded against the spender.
/// </summary>
internal sealed class CostUnits
{
    private readonly long[]? _costs;
    private readonly decimal _unit;

    /// <param name="costs">Of one rollout of each item.</param>
    public CostUnits(double[] costs, double budget)
    {
        if (!costs.AsSpan().ContainsAnyExcept(1))
        {
            _unit = 1;
            Budget = (long)Math.Floor(budget);
            return;
        }

        _unit = Unit(budget);
        Budget = (long)decimal.Floor((decimal)budget / _unit);
        _costs = Array.ConvertAll(costs, cost => cost > budget ? Budget + 1 : (long)decimal.Ceiling((decimal)cost / _unit));
        Budget -= Budget % CommonDivisor(_costs);
    }

    public long Budget { get; }

    public long Of(int task) => _costs is null ? 1 : _costs[task];

    public double ToCost(Int128 units) => (double)((decimal)units * _unit);

    /// <summary>What no choice of counts can spend, because every cost is a multiple of this, is no part of the budget.</summary>
    private static long CommonDivisor(long[] costs)
    {
        long divisor = 0;
        for (var i = 0; i < costs.Length && divisor != 1; i++)
            for (var rest = costs[i]; rest != 0;)
                (divisor, rest) = (rest, divisor % rest);
        return Math.Max(1, divisor);
    }

    /// <summary>The power of ten of which the budget holds 1e14 to 1e15, as if it were 1e-9 at least.</summary>
    private static decimal Unit(double budget)
    {
        var digits = 15 - (int)Math.Ceiling(Math.Log10(Math.Max(budget, 1e-9)));
        var unit = 1m;
        for (; digits > 0; digits--)
            unit /= 10;
        for (; digits < 0; digits++)
            unit *= 10;
        return unit;
    }
}
