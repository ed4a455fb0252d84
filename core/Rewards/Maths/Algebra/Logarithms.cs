using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Algebra;

/// <summary>Logarithms as sums over the factors of their argument: ln 12 = 2 ln 2 + ln 3. Symbols count as positive.</summary>
internal static class Logarithms
{
    public static RationalFunction ToBase(RationalFunction value, RationalFunction @base, Effort effort) =>
        Natural(value, effort).Times(Natural(@base, effort).Inverse(effort), effort);

    public static RationalFunction Natural(RationalFunction value, Effort effort)
    {
        var above = OfPolynomial(value.Numerator, effort);
        return value.IsPolynomial ? above : above.Plus(OfPolynomial(value.Denominator, effort).Negated(), effort);
    }

    private static RationalFunction OfPolynomial(Polynomial polynomial, Effort effort)
    {
        if (polynomial.IsZero)
            throw new UndecidedException();
        var content = polynomial.Content();
        var common = polynomial.CommonMonomial();
        var rest = polynomial.Times(Rational.One.Over(content) ?? throw new UndecidedException())
            .Times(Polynomial.Term(common.Raise(-1), Rational.One), effort);
        if (rest.IsConstant && !rest.IsOne)
            throw new UndecidedException();
        var sum = Polynomial.Zero;
        foreach (var (part, sign) in new[] { (content.Numerator, 1), (content.Denominator, -1) })
        {
            foreach (var (prime, multiplicity) in Primes.Factor(part, effort))
                sum = sum.Plus(Term(Of($"#{prime}", symbolic: false), sign * multiplicity), effort);
        }
        foreach (var (atom, exponent) in common.Powers)
            sum = sum.Plus(OfAtom(atom).Times(exponent), effort);
        if (!rest.IsOne)
            sum = sum.Plus(Term(Of(rest.Key, rest.HasSymbols), 1), effort);
        return RationalFunction.Of(sum);
    }

    private static Polynomial OfAtom(Atom atom) => atom switch
    {
        ConstantAtom { Key: "e" } => Polynomial.One,
        ImaginaryAtom => throw new UndecidedException(),
        RootAtom root => Term(Of(root.Radicand.Key, root.HasSymbols), 1),
        _ => Term(Of(atom.Key, atom.HasSymbols), 1),
    };

    private static Polynomial Term(Atom atom, Rational coefficient) => Polynomial.Term(Monomial.Of(atom, Rational.One), coefficient);

    private static FunctionAtom Of(string argument, bool symbolic) => new("ln", argument, symbolic);
}
