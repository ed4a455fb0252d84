using KnapsackCloud.Core.Rewards;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Tests.Rewards;

/// <summary>Pairs that differ by construction, in every kind of answer and many ways to write it.</summary>
public class MathsUnequalPairsTests
{
    private const int Pairs = 6_000;
    /// <summary>For measurements, see benchmarks/results/verify.md.</summary>
    private const int ManyPairs = 200_000;

    private static readonly IVerifier Maths = Verifiers.Create("maths");

    private delegate (string Gold, string Answer) Maker(Draw draw);

    private static readonly int[] Squarefree = [2, 3, 5, 6, 7, 10, 11, 13, 14, 15];
    private static readonly string[] Signs = ["<", ">", "\\le", "\\ge"];
    private static readonly string[] Waves = ["sin", "cos", "tan"];
    private static readonly string[] Words = ["east", "seat", "west", "odd", "even", "Alice", "Bob", "ellipse", "circle", "yes", "no", "parabola"];

    private static readonly Maker[] Makers =
    [
        draw => (draw.Whole(), draw.Whole()) is var (a, b) && a != b ? (Write(a, draw), Write(b, draw)) : ("1", "2"),
        draw => Different(() => (draw.Small(2, 30), draw.Small(2, 30)), (a, b) => a.Item1 * b.Item2 != b.Item1 * a.Item2, v => Fraction(v.Item1, v.Item2, draw)),
        draw => Different(() => (draw.Small(1, 9), Squarefree[draw.Small(0, Squarefree.Length)]), (a, b) => a != b, v => $"{v.Item1}\\sqrt{{{v.Item2}}}"),
        draw => Different(() => (draw.Small(1, 9), draw.Small(1, 9), draw.Small(1, 9)), (a, b) => a != b, v => $"{v.Item1}x^2-{v.Item2}x+{v.Item3}"),
        draw => Different(() => (draw.Small(1, 9), draw.Small(1, 9)), (a, b) => a != b, v => $"y={v.Item1}x+{v.Item2}"),
        draw => Different(() => (draw.Small(1, 6), draw.Small(1, 6), draw.Small(1, 6)), (a, b) => a != b, v => $"({v.Item1},{v.Item2},{v.Item3})"),
        draw => Different(() => (draw.Small(0, 4), draw.Small(0, 9), draw.Small(10, 19)), (a, b) => a != b, v => $"{"(["[v.Item1 & 1]}{v.Item2},{v.Item3}{")]"[v.Item1 >> 1]}"),
        draw => Different(() => (draw.Small(1, 15), draw.Small(16, 31)), (a, b) => a != b, v => $"\\{{{v.Item1},{v.Item2}\\}}"),
        draw => Different(() => draw.Small(10_000, 99_999), (a, b) => a != b, v => $"{v / 1000}.{v % 1000:D3}"),
        draw => Different(() => (draw.Small(2, 9), draw.Small(1, 9)), (a, b) => a != b, v => $"{v.Item1}\\pi-{v.Item2}"),
        draw => Different(() => (draw.Small(0, 4), draw.Small(1, 50)), (a, b) => a != b, v => $"x {Signs[v.Item1]} {v.Item2}"),
        draw => Different(() => (draw.Small(1, 5), draw.Small(1, 5), draw.Small(0, 3)), (a, b) => a != b, v => $"{v.Item1}\\{Waves[v.Item3]}({v.Item2}x)"),
        draw => Different(() => (draw.Small(1, 9), draw.Small(2, 9)), (a, b) => a != b, v => $"{v.Item1}\\pm\\sqrt{{{Squarefree[v.Item2]}}}"),
        draw => Different(() => (draw.Small(10, 77), draw.Small(8, 10)), (a, b) => a != b, v => $"{Octal(v.Item1)}_{v.Item2}"),
        draw => Different(() => draw.Small(0, Words.Length), (a, b) => a != b, v => $"\\text{{{Words[v]}}}"),
        draw => Different(() => (draw.Small(1, 6), draw.Small(1, 6), draw.Small(1, 6), draw.Small(1, 6)), (a, b) => a != b, v => $"\\begin{{pmatrix}}{v.Item1}&{v.Item2}\\\\{v.Item3}&{v.Item4}\\end{{pmatrix}}"),
        draw => Different(() => (draw.Small(2, 5), draw.Small(1, 9)), (a, b) => a != b, v => $"{v.Item1}^{{n+{v.Item2}}}"),
    ];

    [Fact]
    public void No_unequal_pair_is_rewarded_in_whatever_dress() => Check(Pairs, 1);

    [Fact(Explicit = true)]
    public void No_unequal_pair_of_very_many_is_rewarded() => Check(ManyPairs, 2);

    private static void Check(int pairs, ulong seed)
    {
        var random = new CounterRandom(Seeds.For(seed, "unequal pairs"));
        var wrong = new List<string>();
        for (var n = 0; n < pairs; n++)
        {
            var draw = new Draw(random);
            var (gold, answer) = Makers[n % Makers.Length](draw);
            var dressed = draw.Small(0, 4) switch
            {
                0 => $"We get \\boxed{{{answer}}}.",
                1 => $"It is not {gold}. The answer is ${answer}$.",
                2 => $"<think>{gold}</think>Therefore it is ${answer}$.",
                _ => answer,
            };
            random = draw.Random;
            if (Maths.Score(gold, dressed).Reward != 0)
                wrong.Add($"{gold} <- {dressed}");
        }
        Assert.Empty(wrong);
    }

    private static (string, string) Different<T>(Func<T> make, Func<T, T, bool> differ, Func<T, string> write)
    {
        var gold = make();
        T answer;
        do
            answer = make();
        while (!differ(gold, answer));
        return (write(gold), write(answer));
    }

    private static string Write(int value, Draw draw) => draw.Small(0, 5) switch
    {
        0 => $"{value}.0",
        1 => $"{value * 7}/7",
        2 => $"\\frac{{{value * 3}}}{{3}}",
        3 => $"{value} \\text{{ cm}}",
        _ => $"{value}",
    };

    private static string Fraction(int top, int bottom, Draw draw) => draw.Small(0, 2) == 0 ? $"{top}/{bottom}" : $"\\frac{{{top}}}{{{bottom}}}";

    private static string Octal(int value) => Convert.ToString(value, 8);

    private sealed class Draw(CounterRandom random)
    {
        private CounterRandom _random = random;

        public CounterRandom Random => _random;

        public int Small(int from, int to) => from + (int)_random.Next(to - from);

        public int Whole() => Small(-2_000, 2_000);
    }
}
