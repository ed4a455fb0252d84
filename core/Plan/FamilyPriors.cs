using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Plan;

/// <summary>
/// What a task's family says of it before it is tried. Each task's discounted outcomes fade by half every
/// <see cref="HalfLife"/> steps since its last visit; then, with s and n the faded successes and outcomes,
/// <code>
/// overall = (s_all + OverallWeight / 2) / (n_all + OverallWeight)
/// family  = (s_family + FamilyWeight overall) / (n_family + FamilyWeight)
/// </code>
/// held within <see cref="Lowest"/> and <see cref="Highest"/>, so that no family is ever written off: one left alone
/// drifts back to the overall mean. How alike the tasks of a family are is fitted too, by the moments of the beta-binomial: with m
/// the family's mean and k the share of a task's outcomes that has not faded,
/// <code>
/// rho = (SUM k ((s - n m)^2 - n m (1 - m)) + PairWeight / 3) / (SUM k n (n - 1) m (1 - m) + PairWeight)
/// strength = 1 / rho - 1
/// </code>
/// </summary>
public sealed class FamilyPriors
{
    /// <summary>In steps.</summary>
    public const double HalfLife = 16;
    /// <summary>Pseudo-rollouts at the overall mean in each family.</summary>
    public const double FamilyWeight = 8;
    /// <summary>Pseudo-rollouts at 0.5 in the overall mean.</summary>
    public const double OverallWeight = 2;
    public const double Lowest = 0.02;
    public const double Highest = 0.98;

    /// <summary>Evidence, in pairs of rollouts of one task, for success rates spread evenly: a correlation of 1/3.</summary>
    public const double PairWeight = 64;
    /// <summary>Tasks of a family are never taken for all alike, nor for all certain.</summary>
    public const double WeakestStrength = 0.5;
    public const double StrongestStrength = 64;

    private readonly Dictionary<string, double> _means;

    private FamilyPriors(Dictionary<string, double> means, double overall, double strength) => (_means, Overall, Strength) = (means, overall, strength);

    /// <summary>Mean for a family that nothing is known of.</summary>
    public double Overall { get; }

    /// <summary>Pseudo-rollouts that the prior of a task is worth, in [<see cref="WeakestStrength"/>, <see cref="StrongestStrength"/>].</summary>
    public double Strength { get; }

    /// <param name="ledger">In any order.</param>
    /// <param name="step">The step that is planned.</param>
    public static FamilyPriors Fit(IEnumerable<TaskRecord> ledger, int step)
    {
        var families = new SortedDictionary<string, Outcomes>(StringComparer.Ordinal);
        // Sums in id order: the ledger's order must not reach the plan, not even by rounding.
        var records = ledger.OrderBy(record => record.Task).Select(record => (Record: record, Kept: Kept(record, step))).ToList();
        foreach (var (record, kept) in records)
        {
            families[record.Family] = families.GetValueOrDefault(record.Family).Plus(kept * record.Successes, kept * record.Failures);
        }

        var all = families.Values.Aggregate(default(Outcomes), (sum, one) => sum.Plus(one.Successes, one.Failures));
        var overall = all.Mean(0.5, OverallWeight);
        var means = families.ToDictionary(pair => pair.Key, pair => pair.Value.Mean(overall, FamilyWeight));
        return new FamilyPriors(means, overall, FitStrength(records, means));
    }

    private static double FitStrength(List<(TaskRecord Record, double Kept)> records, Dictionary<string, double> means)
    {
        double excess = PairWeight / 3, pairs = PairWeight;
        foreach (var (record, kept) in records)
        {
            var (mean, count) = (means[record.Family], record.Successes + record.Failures);
            // A single rollout says nothing of how alike a task's rollouts are.
            if (count <= 1) continue;
            var variance = mean * (1 - mean);
            var deviation = record.Successes - (count * mean);
            excess += kept * ((deviation * deviation) - (count * variance));
            pairs += kept * count * (count - 1) * variance;
        }

        return excess <= pairs / (1 + StrongestStrength) ? StrongestStrength : Math.Max(WeakestStrength, (pairs / excess) - 1);
    }

    /// <summary>Share of a task's outcomes that has not faded.</summary>
    private static double Kept(TaskRecord record, int step) => Math.Pow(0.5, Math.Max(0, step - record.LastStep) / HalfLife);

    /// <summary>Prior mean of a success rate, in [<see cref="Lowest"/>, <see cref="Highest"/>].</summary>
    public double MeanOf(string family) => _means.GetValueOrDefault(family, Overall);

    private readonly record struct Outcomes(double Successes, double Failures)
    {
        public Outcomes Plus(double successes, double failures) => new(Successes + successes, Failures + failures);

        public double Mean(double prior, double weight) =>
            Math.Clamp((Successes + (prior * weight)) / (Successes + Failures + weight), Lowest, Highest);
    }
}
