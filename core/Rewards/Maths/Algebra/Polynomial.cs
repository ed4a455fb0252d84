using System.Numerics;
using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Algebra;

/// <summary>A sum of monomials with exact coefficients, none of them zero. Immutable.</summary>
internal sealed class Polynomial
{
    public static readonly Polynomial Zero = new([]);
    public static readonly Polynomial One = Constant(Rational.One);

    private readonly Dictionary<Monomial, Rational> _terms;
    private string? _key;

    private Polynomial(Dictionary<Monomial, Rational> terms) => _terms = terms;

    public IReadOnlyDictionary<Monomial, Rational> Terms => _terms;
    public bool IsZero => _terms.Count == 0;
    public bool IsOne => IsConstant && ConstantValue == Rational.One;
    public bool IsConstant => _terms.Count == 0 || (_terms.Count == 1 && _terms.ContainsKey(Monomial.One));
    public bool HasSymbols => _terms.Keys.Any(monomial => monomial.HasSymbols);

    /// <summary>The term without atoms.</summary>
    public Rational ConstantValue => _terms.GetValueOrDefault(Monomial.One);

    /// <summary>Canonical text: equal for equal polynomials.</summary>
    public string Key => _key ??= string.Join('+', Ordered.Select(term => $"{term.Value}*{term.Key.Key}"));

    public IEnumerable<KeyValuePair<Monomial, Rational>> Ordered => _terms.OrderBy(term => term.Key.Key, StringComparer.Ordinal);

    public IEnumerable<Atom> Atoms => _terms.Keys.SelectMany(monomial => monomial.Powers).Select(power => power.Atom).Distinct();

    public static Polynomial Constant(Rational value) => Term(Monomial.One, value);

    /// <summary>One term as it is: exponents must already be in their atoms' ranges.</summary>
    public static Polynomial Term(Monomial monomial, Rational coefficient) =>
        coefficient.IsZero ? Zero : new Polynomial(new() { [monomial] = coefficient });

    public static Polynomial Of(Atom atom) => Term(Monomial.Of(atom, Rational.One), Rational.One);

    public Polynomial Plus(Polynomial other, Effort effort)
    {
        effort.Spend(1 + _terms.Count + other._terms.Count);
        var sum = new Dictionary<Monomial, Rational>(_terms);
        foreach (var (monomial, coefficient) in other._terms)
            Accumulate(sum, monomial, coefficient);
        return new Polynomial(sum);
    }

    public Polynomial Times(Rational factor)
    {
        if (factor.IsZero)
            return Zero;
        return new Polynomial(_terms.ToDictionary(term => term.Key, term => Exact(term.Value.Times(factor))));
    }

    public Polynomial Negated() => Times(-1);

    public Polynomial Times(Polynomial other, Effort effort)
    {
        var product = new Dictionary<Monomial, Rational>();
        var reduced = Zero;
        foreach (var (left, leftCoefficient) in _terms)
        {
            foreach (var (right, rightCoefficient) in other._terms)
            {
                effort.Spend(4 + (2 * (left.Powers.Length + right.Powers.Length)) + Size(leftCoefficient, rightCoefficient));
                var monomial = left.Times(right);
                var coefficient = Exact(leftCoefficient.Times(rightCoefficient));
                if (Reduction.IsReduced(monomial))
                    Accumulate(product, monomial, coefficient);
                else
                    reduced = reduced.Plus(Reduction.Reduce(monomial, coefficient, effort), effort);
            }
        }
        var plain = new Polynomial(product);
        return reduced.IsZero ? plain : plain.Plus(reduced, effort);
    }

    /// <summary>Repeated squaring; <paramref name="exponent"/> is not negative.</summary>
    public Polynomial Power(int exponent, Effort effort)
    {
        var result = One;
        for (var square = this; exponent > 0; exponent >>= 1)
        {
            if ((exponent & 1) == 1)
                result = result.Times(square, effort);
            if (exponent > 1)
                square = square.Times(square, effort);
        }
        return result;
    }

    /// <summary>The positive rational that leaves coprime integer coefficients; 1 for zero.</summary>
    public Rational Content()
    {
        BigInteger top = 0, bottom = 1;
        foreach (var coefficient in _terms.Values)
        {
            top = BigInteger.GreatestCommonDivisor(top, coefficient.Numerator);
            bottom = bottom / BigInteger.GreatestCommonDivisor(bottom, coefficient.Denominator) * coefficient.Denominator;
        }
        return top.IsZero ? Rational.One : Exact(Rational.Create(top, bottom));
    }

    /// <summary>The largest monomial that divides every term, negative exponents included.</summary>
    public Monomial CommonMonomial()
    {
        var powers = new List<AtomPower>();
        foreach (var atom in Atoms.Order())
        {
            var least = _terms.Keys.Select(monomial => ExponentOf(monomial, atom)).Min();
            if (!least.IsZero)
                powers.Add(new AtomPower(atom, least));
        }
        return new Monomial([.. powers]);
    }

    private static Rational ExponentOf(Monomial monomial, Atom atom)
    {
        var at = Array.FindIndex(monomial.Powers, power => power.Atom.Equals(atom));
        return at < 0 ? Rational.Zero : monomial.Powers[at].Exponent;
    }

    private static void Accumulate(Dictionary<Monomial, Rational> terms, Monomial monomial, Rational coefficient)
    {
        var sum = terms.TryGetValue(monomial, out var present) ? Exact(present.Plus(coefficient)) : coefficient;
        if (sum.IsZero)
            terms.Remove(monomial);
        else
            terms[monomial] = sum;
    }

    private static int Size(Rational left, Rational right) =>
        (int)(left.Numerator.GetBitLength() + right.Numerator.GetBitLength() + left.Denominator.GetBitLength() + right.Denominator.GetBitLength()) / 64;

    private static Rational Exact(Rational? value) => value ?? throw new UndecidedException();
}
