using KnapsackCloud.Core.Rewards.Maths.Expressions;

namespace KnapsackCloud.Core.Rewards.Maths.Numerics;

/// <summary>
/// Real value of a scalar expression with a proven error. Null where it is undefined, imaginary, or not a scalar.
/// It reads the expression as written and shares nothing with the algebra, so that it can contradict it.
/// </summary>
internal sealed class NumericEvaluator(Func<string, Interval?> symbols, Effort effort)
{
    public static readonly Interval Pi = Interval.Around(Math.PI);
    private static readonly Interval s_one = new(1, 1);

    /// <summary>Of an expression without free symbols.</summary>
    public static Interval? OfConstant(Expression expression, Effort effort) =>
        new NumericEvaluator(_ => null, effort).Evaluate(expression) is { IsFinite: true } value ? value : null;

    public Interval? Evaluate(Expression expression)
    {
        effort.Spend();
        return expression switch
        {
            Number number => Interval.Around(number.Value.ToDouble()),
            Symbol { Name: "π" } => Pi,
            Symbol { Name: "e" } => Interval.Around(Math.E),
            Symbol { Name: "i" } => null,
            Symbol symbol => symbols(symbol.Name),
            Sum sum => Fold(sum.Terms, static (left, right) => left + right),
            Product product => Fold(product.Factors, static (left, right) => left * right),
            Percent percent => Evaluate(percent.Value) * Interval.Around(0.01),
            Degrees degrees => Evaluate(degrees.Value) * Pi * Interval.Around(1.0 / 180),
            Quantity quantity => Evaluate(quantity.Value),
            SetOf { Items: [var only] } => Evaluate(only),
            Ratio { Parts: [var left, var right] } => Evaluate(left) * Evaluate(right)?.Reciprocal(),
            Power power => Power(power),
            Call call => Function(call),
            _ => null,
        };
    }

    private Interval? Fold(IReadOnlyList<Expression> parts, Func<Interval, Interval, Interval> join)
    {
        var result = Evaluate(parts[0]);
        for (var i = 1; i < parts.Count && result is not null; i++)
            result = Evaluate(parts[i]) is { } part ? join(result.Value, part) : null;
        return result;
    }

    private Interval? Power(Power power)
    {
        if (Evaluate(power.Base) is not { } value)
            return null;
        if (WholeExponent(power.Exponent) is { } whole)
            return whole < 0 ? WholePower(value, -whole).Reciprocal() : WholePower(value, whole);
        // The odd root of a negative number is negative.
        if (value.High < 0 && power.Exponent is Power { Base: Number { Value: var degree }, Exponent: Number { Value: var minusOne } }
            && minusOne == -1 && degree.IsInteger && !degree.Numerator.IsEven)
            return -Real(-value, power.Exponent);
        return Real(value, power.Exponent);
    }

    private Interval? Real(Interval value, Expression exponent)
    {
        if (value.Low <= 0)
            return null;
        if (exponent is Power { Base: Number { Value: var two }, Exponent: Number { Value: var inverse } } && two == 2 && inverse == -1)
            return value.Increasing(Math.Sqrt);
        return Evaluate(exponent) is { } power ? (value.Increasing(Math.Log) * power).Increasing(Math.Exp) : null;
    }

    private static int? WholeExponent(Expression exponent) => exponent switch
    {
        Number { Value: { IsInteger: true } value } when value.Absolute().CompareTo(1_000) <= 0 => (int)value.Numerator,
        Product { Factors: [Number { Value: var minus }, Number { Value: { IsInteger: true } value }] } when minus == -1 && value.Absolute().CompareTo(1_000) <= 0 => -(int)value.Numerator,
        _ => null,
    };

    private static Interval WholePower(Interval value, int exponent)
    {
        var result = s_one;
        for (; exponent > 0; exponent >>= 1)
        {
            if ((exponent & 1) == 1)
                result *= value;
            value *= value;
        }
        return result;
    }

    private Interval? Function(Call call)
    {
        if (call.Arguments.Count is 0 || Evaluate(call.Arguments[0]) is not { } x || !x.IsFinite)
            return null;
        if (call.Arguments.Count == 2)
        {
            return call.Function == "log" && x.Low > 0 && Evaluate(call.Arguments[1]) is { Low: > 0 } radix
                ? x.Increasing(Math.Log) * radix.Increasing(Math.Log).Reciprocal()
                : null;
        }
        return call.Function switch
        {
            "sin" => x.Lipschitz(Math.Sin, 1),
            "cos" => x.Lipschitz(Math.Cos, 1),
            "tan" => x.Lipschitz(Math.Sin, 1) * x.Lipschitz(Math.Cos, 1).Reciprocal(),
            "cot" => x.Lipschitz(Math.Cos, 1) * x.Lipschitz(Math.Sin, 1).Reciprocal(),
            "sec" => x.Lipschitz(Math.Cos, 1).Reciprocal(),
            "csc" => x.Lipschitz(Math.Sin, 1).Reciprocal(),
            "arctan" => x.Increasing(Math.Atan),
            "arcsin" when x is { Low: >= -1, High: <= 1 } => x.Increasing(Math.Asin),
            "arccos" when x is { Low: >= -1, High: <= 1 } => -x.Increasing(value => -Math.Acos(value)),
            "sinh" => x.Increasing(Math.Sinh),
            "cosh" => x.Low >= 0 ? x.Increasing(Math.Cosh) : null,
            "tanh" => x.Increasing(Math.Tanh),
            "arsinh" => x.Increasing(Math.Asinh),
            "arcosh" when x.Low >= 1 => x.Increasing(Math.Acosh),
            "artanh" when x is { Low: > -1, High: < 1 } => x.Increasing(Math.Atanh),
            "exp" => x.Increasing(Math.Exp),
            "ln" when x.Low > 0 => x.Increasing(Math.Log),
            "log" when x.Low > 0 => x.Increasing(Math.Log10),
            "abs" => x.Low >= 0 ? x : x.High <= 0 ? -x : new Interval(0, Math.Max(-x.Low, x.High)),
            "floor" when Math.Floor(x.Low) == Math.Floor(x.High) => Exact(Math.Floor(x.Low)),
            "ceil" when Math.Ceiling(x.Low) == Math.Ceiling(x.High) => Exact(Math.Ceiling(x.Low)),
            _ => null,
        };
    }

    private static Interval Exact(double value) => new(value, value);
}
