using System.Globalization;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Tasks;

/// <summary>
/// A number to make out of several others, such as <c>count3</c>: each is used once, with + - * / and brackets. The gold
/// answer is one solution, <c>(8-3)*12</c>; the verifier <c>countdown</c> takes every other one too.
/// </summary>
public sealed record CountdownFamily : TaskFamily
{
    public const int MinNumbers = 3;
    public const int MaxNumbers = 6;
    private const int Largest = 99;
    private const int LargestTarget = 999;

    /// <param name="numbers"><see cref="MinNumbers"/> to <see cref="MaxNumbers"/>.</param>
    public CountdownFamily(int numbers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(numbers, MinNumbers);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(numbers, MaxNumbers);
        Numbers = numbers;
    }

    /// <summary>How many numbers are given.</summary>
    public int Numbers { get; }
    public override string Name => $"count{Numbers.ToString(CultureInfo.InvariantCulture)}";
    public override int Difficulty => Numbers - MinNumbers + 1;
    /// <summary>The sum of any numbers is a target.</summary>
    public override long Size => (long)Math.Pow(Largest, Numbers);
    /// <summary>Two digits a number, an operator between each two, brackets around all but the last operation.</summary>
    public override int MaxAnswerTokens => (2 * Numbers) + (Numbers - 1) + (2 * (Numbers - 2)) + 1;

    public override (string Prompt, string Gold) Draw(ref CounterRandom random)
    {
        var numbers = new long[Numbers];
        for (var i = 0; i < numbers.Length; i++) numbers[i] = 1 + random.Next(Largest);
        while (true)
        {
            var (value, formula, _) = Combine([.. numbers.Select(number => new Term(number, Text(number), false))], ref random);
            if (value is < 1 or > LargestTarget || numbers.Contains(value)) continue;
            return ($"Use each of the numbers {string.Join(", ", numbers)} exactly once, with +, -, * and / and brackets, to make {Text(value)}. Give the formula alone.", formula);
        }
    }

    /// <summary>Joins two terms at a time until one is left.</summary>
    private static Term Combine(List<Term> terms, ref CounterRandom random)
    {
        while (terms.Count > 1)
        {
            var left = Take(terms, ref random);
            var right = Take(terms, ref random);
            terms.Add(Join(left, right, random.Next(4)));
        }
        return terms[0];
    }

    private static Term Take(List<Term> terms, ref CounterRandom random)
    {
        var at = (int)random.Next(terms.Count);
        var term = terms[at];
        terms.RemoveAt(at);
        return term;
    }

    /// <summary>Every value on the way is a whole number above 0: where an operator would not give one, the terms are added.</summary>
    private static Term Join(Term left, Term right, long operation) => operation switch
    {
        1 when left.Value > right.Value => new(left.Value - right.Value, $"{left.Formula}-{right.Bracketed}", true),
        2 when left.Value * right.Value <= LargestTarget => new(left.Value * right.Value, $"{left.Bracketed}*{right.Bracketed}", true),
        3 when left.Value % right.Value == 0 => new(left.Value / right.Value, $"{left.Bracketed}/{right.Bracketed}", true),
        _ => new(left.Value + right.Value, $"{left.Formula}+{right.Formula}", true),
    };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private readonly record struct Term(long Value, string Formula, bool IsJoined)
    {
        public string Bracketed => IsJoined ? $"({Formula})" : Formula;
    }
}
