using System.Globalization;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Tasks;

/// <summary>
/// Addition or subtraction of two numbers with the same count of digits, such as <c>add3</c>. Prompts hold both numbers
/// with <see cref="Width"/> digits, least significant first, as <c>32100+65400=</c>; the gold answer is the result, least
/// significant digit first, which is the order in which it can be worked out.
/// </summary>
public sealed record ArithmeticFamily : TaskFamily
{
    /// <summary>Digits of a number in a prompt, and the most digits a family may have.</summary>
    public const int Width = 5;
    /// <summary>Characters of a prompt: two numbers, the operator, and '='.</summary>
    public const int PromptLength = 2 * Width + 2;

    private ArithmeticFamily(bool subtract, int digits) => (Subtract, Digits) = (subtract, digits);

    public bool Subtract { get; }
    /// <summary>1 to <see cref="Width"/>.</summary>
    public int Digits { get; }
    public override string Name => $"{(Subtract ? "sub" : "add")}{Digits.ToString(CultureInfo.InvariantCulture)}";

    public static ArithmeticFamily Add(int digits) => new(false, digits);
    public static ArithmeticFamily Sub(int digits) => new(true, digits);

    public override int Difficulty => Digits;
    public override int MaxAnswerTokens => Width + 2;
    public override long Size => Subtract ? Numbers * (Numbers + 1) / 2 : Numbers * Numbers;

    private long Smallest => Digits == 1 ? 0 : (long)Math.Pow(10, Digits - 1);
    private long Numbers => (long)Math.Pow(10, Digits) - Smallest;

    /// <summary>A random prompt with its answer; subtraction has the larger number first.</summary>
    public override (string Prompt, string Gold) Draw(ref CounterRandom random)
    {
        var a = Smallest + random.Next(Numbers);
        var b = Smallest + random.Next(Numbers);
        if (Subtract && a < b) (a, b) = (b, a);
        return (string.Concat(Reversed(a, Width), Subtract ? "-" : "+", Reversed(b, Width), "="), Reversed(Subtract ? a - b : a + b, 1));
    }

    private static string Reversed(long number, int width)
    {
        var digits = number.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0').ToCharArray();
        Array.Reverse(digits);
        return new string(digits);
    }
}
