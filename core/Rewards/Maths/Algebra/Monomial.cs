using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Algebra;

/// <summary>A product of atoms with rational exponents, in the order of their keys; the empty product is 1.</summary>
internal sealed class Monomial : IEquatable<Monomial>
{
    public static readonly Monomial One = new([]);

    private string? _key;

    /// <param name="powers">Sorted by atom, exponents not zero; owned by the monomial from now on.</param>
    public Monomial(AtomPower[] powers) => Powers = powers;

    public AtomPower[] Powers { get; }
    public bool IsOne => Powers.Length == 0;
    public bool HasSymbols => Array.Exists(Powers, power => power.Atom.HasSymbols);
    public string Key => _key ??= string.Join('*', Powers.Select(power => power.Exponent == Rational.One ? power.Atom.Key : $"{power.Atom.Key}^{power.Exponent}"));

    public static Monomial Of(Atom atom, Rational exponent) => exponent.IsZero ? One : new Monomial([new AtomPower(atom, exponent)]);

    /// <summary>Exponents are added and nothing is reduced.</summary>
    public Monomial Times(Monomial other)
    {
        if (IsOne || other.IsOne)
            return IsOne ? other : this;
        var merged = new List<AtomPower>(Powers.Length + other.Powers.Length);
        var (i, j) = (0, 0);
        while (i < Powers.Length || j < other.Powers.Length)
        {
            var order = i == Powers.Length ? 1 : j == other.Powers.Length ? -1 : Powers[i].Atom.CompareTo(other.Powers[j].Atom);
            if (order < 0)
                merged.Add(Powers[i++]);
            else if (order > 0)
                merged.Add(other.Powers[j++]);
            else
            {
                var sum = Exact(Powers[i].Exponent.Plus(other.Powers[j++].Exponent));
                if (!sum.IsZero)
                    merged.Add(new AtomPower(Powers[i].Atom, sum));
                i++;
            }
        }
        return new Monomial([.. merged]);
    }

    /// <summary>Every exponent times <paramref name="factor"/>.</summary>
    public Monomial Raise(Rational factor) => factor.IsZero
        ? One
        : new Monomial(Array.ConvertAll(Powers, power => power with { Exponent = Exact(power.Exponent.Times(factor)) }));

    public bool Equals(Monomial? other) => other is not null && Key == other.Key;
    public override bool Equals(object? obj) => Equals(obj as Monomial);
    public override int GetHashCode() => Key.GetHashCode(StringComparison.Ordinal);

    private static Rational Exact(Rational? value) => value ?? throw new UndecidedException();
}
