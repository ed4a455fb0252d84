using KnapsackCloud.Core.Rewards.Maths.Expressions;
using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Algebra;

/// <summary>Turns a scalar expression into a quotient of polynomials with exact coefficients.</summary>
internal sealed class Canonicaliser(Effort effort)
{
    private const int MaxSeriesTerms = 400;

    private readonly Dictionary<string, Rational> _indices = [];

    /// <exception cref="UndecidedException">Not a scalar, not defined, or too much work.</exception>
    public RationalFunction Canonical(Expression expression)
    {
        effort.Spend();
        return expression switch
        {
            Number number => RationalFunction.Constant(number.Value),
            Symbol symbol => OfSymbol(symbol.Name),
            Sum sum => Fold(sum.Terms, (left, right) => left.Plus(right, effort)),
            Product product => Fold(product.Factors, (left, right) => left.Times(right, effort)),
            Power power => Powers.Raise(Canonical(power.Base), Canonical(power.Exponent), effort),
            Percent percent => Canonical(percent.Value).Times(Fraction(1, 100)),
            Degrees degrees => Canonical(degrees.Value).Times(RationalFunction.Of(ConstantAtom.Pi), effort).Times(Fraction(1, 180)),
            Quantity quantity => Canonical(quantity.Value),
            SetOf { Items: [var only] } => Canonical(only),
            Ratio { Parts: [var left, var right] } => Canonical(left).Times(Canonical(right).Inverse(effort), effort),
            Call { Function: "sum" or "prod", Arguments: [Symbol index, var from, var to, var body] } series => Series(series.Function, index.Name, from, to, body),
            Call call => Functions.Apply(call.Function, [.. call.Arguments.Select(Canonical)], effort),
            _ => throw new UndecidedException(),
        };
    }

    private RationalFunction OfSymbol(string name)
    {
        if (_indices.TryGetValue(name, out var index))
            return RationalFunction.Constant(index);
        return RationalFunction.Of(name switch
        {
            "π" => ConstantAtom.Pi,
            "e" => ConstantAtom.E,
            "i" => (Atom)ImaginaryAtom.Unit,
            "∞" or "∅" or "ℝ" or "ℤ" or "ℕ" => throw new UndecidedException(),
            _ => new SymbolAtom(name),
        });
    }

    private RationalFunction Fold(IReadOnlyList<Expression> parts, Func<RationalFunction, RationalFunction, RationalFunction> join)
    {
        var result = Canonical(parts[0]);
        for (var i = 1; i < parts.Count; i++)
            result = join(result, Canonical(parts[i]));
        return result;
    }

    private RationalFunction Series(string kind, string index, Expression from, Expression to, Expression body)
    {
        if (Canonical(from).AsRational() is not { IsInteger: true } first || Canonical(to).AsRational() is not { IsInteger: true } last
            || last.Plus(first.Negated()) is not { } length || length.CompareTo(MaxSeriesTerms) > 0 || _indices.ContainsKey(index))
            throw new UndecidedException();
        var result = kind == "sum" ? RationalFunction.Zero : RationalFunction.One;
        for (var k = first.Numerator; k <= last.Numerator; k++)
        {
            _indices[index] = k;
            var term = Canonical(body);
            result = kind == "sum" ? result.Plus(term, effort) : result.Times(term, effort);
        }
        _indices.Remove(index);
        return result;
    }

    private static Rational Fraction(long top, long bottom) => Rational.Create(top, bottom)!.Value;
}
