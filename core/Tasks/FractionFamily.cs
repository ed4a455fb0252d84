using System.Globalization;
using KnapsackCloud.Core.Rewards.Numbers;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Tasks;

/// <summary>
/// Calculating with proper fractions, such as <c>frac2</c>: <c>What is 3/4 - 2/6?</c> has the gold answer <c>5/12</c>, in
/// lowest terms. Levels: 1 adds halves to fifths, 2 also subtracts, to ninths, 3 also multiplies, to twelfths, 4 also
/// divides, to twentieths, 5 adds and subtracts three.
/// </summary>
public sealed record FractionFamily : TaskFamily
{
    public const int MaxLevel = 5;
    private static readonly (int Denominator, int Operators, int Terms)[] Levels = [(5, 1, 2), (9, 2, 2), (12, 3, 2), (20, 4, 2), (20, 2, 3)];

    /// <param name="level">1 to <see cref="MaxLevel"/>.</param>
    public FractionFamily(int level)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(level, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, MaxLevel);
        Level = level;
    }

    public int Level { get; }
    public override string Name => $"frac{Level.ToString(CultureInfo.InvariantCulture)}";
    public override int Difficulty => Level;
    public override long Size => (long)(Math.Pow(Shape.Denominator * (Shape.Denominator - 1) / 2, Shape.Terms) * Math.Pow(Shape.Operators, Shape.Terms - 1));
    public override int MaxAnswerTokens => 12;

    private (int Denominator, int Operators, int Terms) Shape => Levels[Level - 1];

    public override (string Prompt, string Gold) Draw(ref CounterRandom random)
    {
        var (value, text) = Fraction(ref random);
        for (var i = 1; i < Shape.Terms; i++)
        {
            var operation = random.Next(Shape.Operators);
            var (next, nextText) = Fraction(ref random);
            value = Apply(operation, value, next);
            // 3/4 / 5/6 could be read in several ways.
            text = operation == 3 ? $"({text}) / ({nextText})" : $"{text} {"+-*"[(int)operation]} {nextText}";
        }
        return ($"What is {text}? Give one fraction in lowest terms or a whole number.", value.ToString());
    }

    private (Rational Value, string Text) Fraction(ref CounterRandom random)
    {
        // One draw over all pairs with 1 <= numerator < denominator.
        var (pair, denominator) = (random.Next(Shape.Denominator * (Shape.Denominator - 1) / 2), 2L);
        while (pair >= denominator - 1) pair -= denominator++ - 1;
        return (Rational.Create(pair + 1, denominator)!.Value, string.Create(CultureInfo.InvariantCulture, $"{pair + 1}/{denominator}"));
    }

    private static Rational Apply(long operation, Rational left, Rational right) => (operation switch
    {
        0 => left.Plus(right),
        1 => left.Plus(right.Negated()),
        2 => left.Times(right),
        _ => left.Over(right),
    })!.Value;
}
