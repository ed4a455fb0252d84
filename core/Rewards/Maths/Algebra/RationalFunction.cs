using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Algebra;

/// <summary>A quotient of two polynomials, the lower one not zero. Common factors may remain: compare by crossing.</summary>
internal sealed class RationalFunction(Polynomial numerator, Polynomial denominator)
{
    public static readonly RationalFunction Zero = Constant(Rational.Zero);
    public static readonly RationalFunction One = Constant(Rational.One);

    public Polynomial Numerator { get; } = numerator;
    public Polynomial Denominator { get; } = denominator;
    public bool HasSymbols => Numerator.HasSymbols || Denominator.HasSymbols;
    public bool IsPolynomial => Denominator.IsOne;

    /// <summary>Canonical text as far as common factors allow.</summary>
    public string Key
    {
        get
        {
            if (IsPolynomial)
                return Numerator.Key;
            var lead = Rational.One.Over(Denominator.Ordered.First().Value) ?? throw new UndecidedException();
            return $"({Numerator.Times(lead).Key})/({Denominator.Times(lead).Key})";
        }
    }

    public static RationalFunction Constant(Rational value) => new(Polynomial.Constant(value), Polynomial.One);

    public static RationalFunction Of(Atom atom) => new(Polynomial.Of(atom), Polynomial.One);

    public static RationalFunction Of(Polynomial polynomial) => new(polynomial, Polynomial.One);

    /// <summary>The rational number that it is, or null.</summary>
    public Rational? AsRational() =>
        Numerator.IsConstant && Denominator.IsConstant ? Numerator.ConstantValue.Over(Denominator.ConstantValue) : null;

    public RationalFunction Plus(RationalFunction other, Effort effort) => Denominator.Key == other.Denominator.Key
        ? new(Numerator.Plus(other.Numerator, effort), Denominator)
        : new(
            Numerator.Times(other.Denominator, effort).Plus(other.Numerator.Times(Denominator, effort), effort),
            Denominator.Times(other.Denominator, effort));

    public RationalFunction Times(RationalFunction other, Effort effort) =>
        new(Numerator.Times(other.Numerator, effort), Denominator.Times(other.Denominator, effort));

    public RationalFunction Times(Rational factor) => new(Numerator.Times(factor), Denominator);

    public RationalFunction Negated() => Times(-1);

    /// <exception cref="UndecidedException">It is zero.</exception>
    public RationalFunction Inverse(Effort effort)
    {
        if (ZeroTest.IsZero(Numerator, effort))
            throw new UndecidedException();
        if (Numerator.Terms.Count > 1)
            return new RationalFunction(Denominator, Numerator);
        var (monomial, coefficient) = Numerator.Terms.Single();
        // A root stays in (0, 1): 1/√A is √A/A.
        var below = Polynomial.One;
        var inverted = monomial.Raise(-1);
        foreach (var (atom, exponent) in monomial.Powers)
        {
            if (atom is not RootAtom root)
                continue;
            below = below.Times(root.Radicand, effort);
            inverted = inverted.Times(Monomial.Of(atom, Rational.One));
        }
        var reciprocal = Reduction.Reduce(inverted, Rational.One.Over(coefficient) ?? throw new UndecidedException(), effort);
        return new RationalFunction(reciprocal.Times(Denominator, effort), below);
    }
}
