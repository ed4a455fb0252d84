using System.Globalization;
using KnapsackCloud.Core.Rewards.Numbers;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Tasks;

/// <summary>
/// One linear equation in x, such as <c>lin2</c>: <c>Solve for x: 3x + 4 = 19.</c> has the gold answer <c>5</c>. Levels:
/// 1 is x + b = d, 2 ax + b = d, 3 ax + b = cx + d, 4 a(x + b) = cx + d, each with a whole solution; 5 is as 3 with a
/// solution that may be a fraction.
/// </summary>
public sealed record LinearEquationFamily : TaskFamily
{
    public const int MaxLevel = 5;
    private const int LargestFactor = 9;
    private const int LargestNumber = 20;

    /// <param name="level">1 to <see cref="MaxLevel"/>.</param>
    public LinearEquationFamily(int level)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(level, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, MaxLevel);
        Level = level;
    }

    public int Level { get; }
    public override string Name => $"lin{Level.ToString(CultureInfo.InvariantCulture)}";
    public override int Difficulty => Level;
    public override int MaxAnswerTokens => 7;

    /// <summary>Factors, then b, then x or d, of which one may be left out.</summary>
    public override long Size => Factors * (2 * LargestNumber) * ((2 * LargestNumber) - 1);

    private long Factors => Level switch { 1 => 1, 2 => LargestFactor - 1, _ => (LargestFactor - 1) * (LargestFactor - 1) };

    public override (string Prompt, string Gold) Draw(ref CounterRandom random)
    {
        var a = Level == 1 ? 1 : 2 + random.Next(LargestFactor - 1);
        var c = Level < 3 ? 0 : OtherThan(a, 1 + random.Next(LargestFactor - 1));
        var b = NotZero(ref random);
        var left = Level == 4 ? $"{Factor(a)}({Signed("x", b)})" : Signed($"{Factor(a)}x", b);
        var (d, x) = Solution(a - c, Level == 4 ? a * b : b, ref random);
        var right = c == 0 ? d.ToString(CultureInfo.InvariantCulture) : Signed($"{Factor(c)}x", d);
        return ($"Solve for x: {left} = {right}. Give the value of x alone.", x.ToString());
    }

    /// <summary>d and x of <paramref name="factor"/> x + <paramref name="constant"/> = d; they differ, lest the prompt's last number be the answer.</summary>
    private (long D, Rational X) Solution(long factor, long constant, ref CounterRandom random)
    {
        while (true)
        {
            var drawn = NotZero(ref random);
            var (d, x) = Level == MaxLevel ? (drawn, Rational.Create(drawn - constant, factor)!.Value) : ((factor * drawn) + constant, (Rational)drawn);
            if (x != d) return (d, x);
        }
    }

    /// <summary>1 to <see cref="LargestFactor"/> without <paramref name="a"/>, each once.</summary>
    private static long OtherThan(long a, long draw) => draw < a ? draw : draw + 1;

    private static long NotZero(ref CounterRandom random)
    {
        var number = random.Next(2 * LargestNumber) - LargestNumber;
        return number < 0 ? number : number + 1;
    }

    private static string Factor(long factor) => factor == 1 ? "" : factor.ToString(CultureInfo.InvariantCulture);

    private static string Signed(string term, long number) => number switch
    {
        0 => term,
        < 0 => $"{term} - {(-number).ToString(CultureInfo.InvariantCulture)}",
        _ => $"{term} + {number.ToString(CultureInfo.InvariantCulture)}",
    };
}
