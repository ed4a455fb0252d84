namespace KnapsackCloud.Core.Plan;

/// <summary>Fixed-point sum with 90 fractional bits: the order of the terms, and so of the tasks, does not change it. Holds totals up to 2^36.</summary>
internal struct ExactSum
{
    private const double Scale = 1.0 * (1UL << 45) * (1UL << 45);

    private Int128 _sum;

    public readonly double Value => (double)_sum / Scale;

    public void Add(double term) => _sum += (Int128)(term * Scale);

    public void Add(ExactSum other) => _sum += other._sum;
}
