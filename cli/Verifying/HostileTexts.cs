using System.Text;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Cli.Verifying;

/// <summary>Texts made to trouble a verifier. The n-th is a function of the seed and n.</summary>
internal sealed class HostileTexts(IReadOnlyList<string> answers, ulong seed)
{
    private const int MostPieces = 40;
    private const int MostChanges = 6;
    private const int LongestPart = 30;

    private static readonly string[] Pieces =
    [
        "\\frac", "\\dfrac{", "{", "}", "(", ")", "[", "]", "\\{", "\\}", "^", "_", "+", "-", "*", "/", "=", "<", "\\le", "\\sqrt", "\\sqrt[3]{", "\\sin", "\\log_2", "x", "y", "e", "i", "\\pi",
        "1", "2", "0.5", "10^{99}", "!", "\\pm", "\\cup", "\\infty", ",", ";", ":", " and ", "\\text{cm}", "\\boxed{", "$", "\\(", "\\]", "|", "%", "^\\circ", "\\begin{pmatrix}", "\\end{pmatrix}", "&", "\\\\",
        "\\sum_{k=1}^{100}", "\\binom", "(x+y+z+w)^{40}", "^{1/2}", "\\left", "\\right", "answer is ", "####", "\n", " ", "<think>", "</think>", "<answer>", "\u4e2d", "\ud83d", "\0", "\u00b2", "\u221a", "\u00bd",
        "(B)", "9^9^9^9", "100!", "e^{i\\pi}", "\\lim", "\\int_0^1", "\u2026", "<|", "|>", "1e999", "0x", "-", "((((((((", "\\frac{1}{", "1,000,", "3 1/2",
    ];

    public string Random(int n)
    {
        var random = new CounterRandom(Seeds.For(seed, $"random text {n}"));
        var text = new StringBuilder();
        var letters = random.Next(8) == 0;
        for (var left = random.Next(MostPieces); left >= 0; left--)
            text.Append(letters ? ((char)random.Next(char.MaxValue + 1)).ToString() : Pieces[random.Next(Pieces.Length)]);
        return text.ToString();
    }

    /// <summary>An answer of the file with up to six changes.</summary>
    public string Mutated(int n)
    {
        var random = new CounterRandom(Seeds.For(seed, $"mutated text {n}"));
        var text = new StringBuilder(answers[n % answers.Count]);
        for (var left = random.Next(MostChanges); left >= 0; left--) Change(text, ref random);
        return text.ToString();
    }

    private static void Change(StringBuilder text, ref CounterRandom random)
    {
        var at = (int)random.Next(text.Length + 1);
        var length = (int)Math.Min(random.Next(LongestPart), text.Length - at);
        switch (random.Next(4))
        {
            case 0:
                text.Remove(at, length);
                break;
            case 1:
                text.Insert((int)random.Next(text.Length + 1), text.ToString(at, length));
                break;
            case 2:
                text.Insert(at, Pieces[random.Next(Pieces.Length)]);
                break;
            default:
                if (at < text.Length) text[at] = (char)random.Next(128);
                break;
        }
    }
}
