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
/// drifts back to the overall mean.
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

    private readonly Dictionary<string, double> _means;

    private FamilyPriors(Dictionary<string, double> means, double overall) => (_means, Overall) = (means, overall);

    /// <summary>Mean for a family that nothing is known of.</summary>
    public double Overall { get; }

    /// <param name="ledger">In any order.</param>
    /// <param name="step">The step that is planned.</param>
    public static FamilyPriors Fit(IEnumerable<TaskRecord> ledger, int step)
    {
        var families = new SortedDictionary<string, Outcomes>(StringComparer.Ordinal);
        // Sums in id order: the ledger's order must not reach the plan, not even by rounding.
        foreach (var record in ledger.OrderBy(record => record.Task))
        {
            var kept = Math.Pow(0.5, Math.Max(0, step - record.LastStep) / HalfLife);
            families[record.Family] = families.GetValueOrDefault(record.Family).Plus(kept * record.Successes, kept * record.Failures);
        }

        var all = families.Values.Aggregate(default(Outcomes), (sum, one) => sum.Plus(one.Successes, one.Failures));
        var overall = all.Mean(0.5, OverallWeight);
        return new FamilyPriors(families.ToDictionary(pair => pair.Key, pair => pair.Value.Mean(overall, FamilyWeight)), overall);
    }

    /// <summary>Prior mean of a success rate, in [<see cref="Lowest"/>, <see cref="Highest"/>].</summary>
    public double MeanOf(string family) => _means.GetValueOrDefault(family, Overall);

    private readonly record struct Outcomes(double Successes, double Failures)
    {
        public Outcomes Plus(double successes, double failures) => new(Successes + successes, Failures + failures);

        public double Mean(double prior, double weight) =>
            Math.Clamp((Successes + (prior * weight)) / (Successes + Failures + weight), Lowest, Highest);
    }
}
