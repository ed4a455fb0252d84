using System.Globalization;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Tasks;

/// <summary>
/// A whole number to write in another base from 2 to 16, such as <c>base2</c>, the difficulty being its decimal digits:
/// <c>Convert 2f from base 16 to base 10.</c> has the gold answer <c>47</c>. No number is written alike in both bases.
/// </summary>
public sealed record BaseConversionFamily : TaskFamily
{
    public const int MaxDigits = 6;
    private const int LeastBase = 2;
    private const int MostBase = 16;
    private const long Bases = MostBase - LeastBase + 1;

    /// <param name="digits">1 to <see cref="MaxDigits"/>.</param>
    public BaseConversionFamily(int digits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(digits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(digits, MaxDigits);
        Digits = digits;
    }

    /// <summary>Decimal digits of the number.</summary>
    public int Digits { get; }
    public override string Name => $"base{Digits.ToString(CultureInfo.InvariantCulture)}";
    public override int Difficulty => Digits;
    public override long Size => (Numbers * Bases * (Bases - 1)) - Enumerable.Range(1, MostBase).Where(number => number >= Smallest && number < 10 * Smallest).Sum(WrittenAlike);
    /// <summary>Binary digits of the largest number.</summary>
    public override int MaxAnswerTokens => (int)Math.Ceiling(Digits * Math.Log2(10)) + 1;

    private long Smallest => (long)Math.Pow(10, Digits - 1);
    private long Numbers => 9 * Smallest;

    public override (string Prompt, string Gold) Draw(ref CounterRandom random)
    {
        while (true)
        {
            var number = Smallest + random.Next(Numbers);
            var from = LeastBase + random.Next(Bases);
            var to = LeastBase + random.Next(Bases - 1);
            if (to >= from) to++;
            if (number < Math.Min(from, to)) continue;
            return (string.Create(CultureInfo.InvariantCulture, $"Convert {Text(number, from)} from base {from} to base {to}. Give the digits alone."), Text(number, to));
        }
    }

    /// <summary>Pairs of bases in which a number is one and the same digit.</summary>
    private static long WrittenAlike(int number)
    {
        var larger = MostBase - Math.Max(number, LeastBase - 1);
        return larger * (larger - 1L);
    }

    private static string Text(long number, long toBase)
    {
        var digits = new Stack<char>();
        for (; number > 0; number /= toBase) digits.Push("0123456789abcdef"[(int)(number % toBase)]);
        return new string([.. digits]);
    }
}
