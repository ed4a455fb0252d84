using System.Globalization;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Tasks;

/// <summary>
/// The sum of several one-digit numbers, such as <c>sum4</c>: the prompt <c>7+0+9+4=</c> has the gold answer <c>20</c>.
/// Difficulty is in the length of the chain: the sum has two digits at most, however many terms there are.
/// </summary>
public sealed record ChainSumFamily : TaskFamily
{
    public const int MinTerms = 2;
    public const int MaxTerms = 9;
    private const int Digits = 10;

    /// <param name="terms"><see cref="MinTerms"/> to <see cref="MaxTerms"/>.</param>
    public ChainSumFamily(int terms)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(terms, MinTerms);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(terms, MaxTerms);
        Terms = terms;
    }

    /// <summary>How many numbers are added.</summary>
    public int Terms { get; }
    public override string Name => $"sum{Terms.ToString(CultureInfo.InvariantCulture)}";
    public override int Difficulty => Terms - MinTerms + 1;
    public override long Size => (long)Math.Pow(Digits, Terms);
    public override int MaxAnswerTokens => 3;

    public override (string Prompt, string Gold) Draw(ref CounterRandom random)
    {
        var terms = new long[Terms];
        for (var i = 0; i < Terms; i++) terms[i] = random.Next(Digits);
        return (string.Join('+', terms) + "=", terms.Sum().ToString(CultureInfo.InvariantCulture));
    }
}
