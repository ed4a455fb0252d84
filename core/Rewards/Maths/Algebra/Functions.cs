using System.Numerics;
using KnapsackCloud.Core.Rewards.Numbers;

namespace KnapsackCloud.Core.Rewards.Maths.Algebra;

/// <summary>Named functions of canonical arguments: exact where a rule is known, else an atom.</summary>
internal static class Functions
{
    private const int MaxFactorial = 200;

    public static RationalFunction Apply(string name, IReadOnlyList<RationalFunction> arguments, Effort effort)
    {
        effort.Spend();
        return (name, arguments) switch
        {
            ("sin", [var x]) => Sine(x, effort),
            ("cos", [var x]) => Cosine(x, effort),
            ("tan", [var x]) => Sine(x, effort).Times(Cosine(x, effort).Inverse(effort), effort),
            ("cot", [var x]) => Cosine(x, effort).Times(Sine(x, effort).Inverse(effort), effort),
            ("sec", [var x]) => Cosine(x, effort).Inverse(effort),
            ("csc", [var x]) => Sine(x, effort).Inverse(effort),
            ("arcsin", [var x]) when !x.HasSymbols && Trigonometry.ArcSine(x, effort) is { } angle => TimesPi(angle),
            ("arccos", [var x]) when !x.HasSymbols && Trigonometry.ArcSine(x, effort) is { } angle => TimesPi(Exact(Exact(Rational.Create(1, 2)).Plus(angle.Negated()))),
            ("arctan", [var x]) when !x.HasSymbols && Trigonometry.ArcTangent(x, effort) is { } angle => TimesPi(angle),
            ("arcsin" or "arctan" or "sinh" or "tanh" or "arsinh" or "artanh", [var x]) => Odd(name, x),
            ("exp", [var x]) => Powers.Raise(RationalFunction.Of(ConstantAtom.E), x, effort),
            ("ln", [var x]) => Logarithms.Natural(x, effort),
            ("log", [var x]) => Logarithms.ToBase(x, RationalFunction.Constant(10), effort),
            ("log", [var x, var b]) => Logarithms.ToBase(x, b, effort),
            ("abs", [var x]) => Absolute(x),
            ("factorial", [var x]) when Whole(x, MaxFactorial) is { } n => Factorial(n),
            ("binom", [var n, var k]) when Whole(n, MaxFactorial) is { } top && Whole(k, MaxFactorial) is { } chosen => Binomial(top, chosen),
            ("floor" or "ceil", [var x]) when x.AsRational() is { } value => Round(value, name == "ceil"),
            ("max" or "min", _) when Rationals(arguments) is { } values => RationalFunction.Constant(name == "max" ? values.Max() : values.Min()),
            ("gcd" or "lcm", _) when Rationals(arguments) is { } values => Divisor(name, values),
            ("mod", [var x, var m]) when x.AsRational() is { } value && m.AsRational() is { IsZero: false } modulus => Remainder(value, modulus),
            _ => Opaque(name, arguments),
        };
    }

    private static RationalFunction Opaque(string name, IReadOnlyList<RationalFunction> arguments)
    {
        var keys = arguments.Select(argument => argument.Key);
        if (name is "max" or "min" or "gcd" or "lcm")
            keys = keys.Order(StringComparer.Ordinal);
        return RationalFunction.Of(new FunctionAtom(name, string.Join(';', keys), arguments.Any(argument => argument.HasSymbols)));
    }

    private static RationalFunction Sine(RationalFunction angle, Effort effort)
    {
        if (PiMultiple(angle) is { } turns && Trigonometry.SineOf(turns, effort) is { } exact)
            return exact;
        return Odd("sin", angle);
    }

    private static RationalFunction Cosine(RationalFunction angle, Effort effort)
    {
        if (PiMultiple(angle) is { } turns && Trigonometry.SineOf(Exact(turns.Plus(Exact(Rational.Create(1, 2)))), effort) is { } exact)
            return exact;
        return Opaque("cos", [IsNegative(angle) ? angle.Negated() : angle]);
    }

    // f(-x) = -f(x)
    private static RationalFunction Odd(string name, RationalFunction argument) =>
        IsNegative(argument) ? Opaque(name, [argument.Negated()]).Negated() : Opaque(name, [argument]);

    private static RationalFunction Absolute(RationalFunction value) => value.AsRational() is { } rational
        ? RationalFunction.Constant(rational.Absolute())
        : Opaque("abs", [IsNegative(value) ? value.Negated() : value]);

    // Of the two signs, one is taken for positive: that of the first term.
    private static bool IsNegative(RationalFunction value) =>
        !value.Numerator.IsZero && value.Numerator.Ordered.Last().Value.Sign * value.Denominator.Ordered.First().Value.Sign < 0;

    private static Rational? PiMultiple(RationalFunction angle)
    {
        if (angle.Numerator.IsZero)
            return Rational.Zero;
        return angle is { IsPolynomial: true, Numerator.Terms.Count: 1 } && angle.Numerator.Terms.Single() is var (monomial, coefficient)
            && monomial.Key == ConstantAtom.Pi.Key ? coefficient : null;
    }

    private static RationalFunction TimesPi(Rational turns) => RationalFunction.Of(ConstantAtom.Pi).Times(turns);

    private static int? Whole(RationalFunction value, int most) =>
        value.AsRational() is { IsInteger: true } whole && whole.Sign >= 0 && whole.CompareTo(most) <= 0 ? (int)whole.Numerator : null;

    private static RationalFunction Factorial(int n)
    {
        var product = BigInteger.One;
        for (var factor = 2; factor <= n; factor++)
            product *= factor;
        return RationalFunction.Constant(Exact(Rational.Create(product, 1)));
    }

    private static RationalFunction Binomial(int n, int k)
    {
        var value = k > n ? BigInteger.Zero : BigInteger.One;
        for (var i = 1; i <= Math.Min(k, n - k); i++)
            value = value * (n - i + 1) / i;
        return RationalFunction.Constant(Exact(Rational.Create(value, 1)));
    }

    private static RationalFunction Round(Rational value, bool up)
    {
        var floor = BigInteger.DivRem(value.Numerator, value.Denominator, out var rest) - (rest.Sign < 0 ? 1 : 0);
        return RationalFunction.Constant(Exact(Rational.Create(up && !rest.IsZero ? floor + 1 : floor, 1)));
    }

    private static RationalFunction Remainder(Rational value, Rational modulus)
    {
        var quotient = Exact(value.Over(modulus));
        var floor = Exact(Round(quotient, up: false).AsRational());
        return RationalFunction.Constant(Exact(value.Plus(Exact(floor.Times(modulus)).Negated())));
    }

    private static List<Rational>? Rationals(IReadOnlyList<RationalFunction> arguments)
    {
        var values = arguments.Select(argument => argument.AsRational()).ToList();
        return values.Count > 0 && values.TrueForAll(value => value is not null) ? values.ConvertAll(value => value!.Value) : null;
    }

    private static RationalFunction Divisor(string name, List<Rational> values)
    {
        if (values.Exists(value => !value.IsInteger || value.IsZero))
            throw new UndecidedException();
        var result = BigInteger.Abs(values[0].Numerator);
        foreach (var value in values.Skip(1))
        {
            var divisor = BigInteger.GreatestCommonDivisor(result, value.Numerator);
            result = name == "gcd" ? divisor : BigInteger.Abs(result / divisor * value.Numerator);
        }
        return RationalFunction.Constant(Exact(Rational.Create(result, 1)));
    }

    private static Rational Exact(Rational? value) => value ?? throw new UndecidedException();
}
