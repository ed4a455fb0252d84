using System.Globalization;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Tasks;

/// <summary>
/// Different numbers to put in order, such as <c>sort3</c>: <c>Sort from least to greatest: 9, -3, 5.</c> has the gold answer
/// <c>-3, 5, 9</c>. No prompt is in order already.
/// </summary>
public sealed record SortingFamily : TaskFamily
{
    public const int MinNumbers = 2;
    public const int MaxNumbers = 9;
    private const int Largest = 99;
    private const long Values = (2 * Largest) + 1;

    /// <param name="numbers"><see cref="MinNumbers"/> to <see cref="MaxNumbers"/>.</param>
    public SortingFamily(int numbers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(numbers, MinNumbers);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(numbers, MaxNumbers);
        Numbers = numbers;
    }

    /// <summary>How many numbers are sorted.</summary>
    public int Numbers { get; }
    public override string Name => $"sort{Numbers.ToString(CultureInfo.InvariantCulture)}";
    public override int Difficulty => Numbers - MinNumbers + 1;
    public override long Size => (long)Math.Min(1e18, Orders - (Orders / Enumerable.Range(1, Numbers).Aggregate(1.0, (product, i) => product * i)));
    public override int MaxAnswerTokens => (5 * Numbers) + 1;

    /// <summary>Ways to write different numbers one after another.</summary>
    private double Orders => Enumerable.Range(0, Numbers).Aggregate(1.0, (product, i) => product * (Values - i));

    public override (string Prompt, string Gold) Draw(ref CounterRandom random)
    {
        while (true)
        {
            var numbers = new long[Numbers];
            for (var i = 0; i < numbers.Length;)
            {
                var number = random.Next(Values) - Largest;
                if (!numbers.AsSpan(0, i).Contains(number)) numbers[i++] = number;
            }
            var sorted = numbers.Order().ToArray();
            if (!numbers.SequenceEqual(sorted)) return ($"Sort from least to greatest: {string.Join(", ", numbers)}. Give the list alone.", string.Join(", ", sorted));
        }
    }
}
