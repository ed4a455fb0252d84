using System.Text;
using KnapsackCloud.Core.Rewards;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Tests.Rewards;

public class MathsLimitsTests
{
    private static readonly IVerifier Maths = Verifiers.Create("maths");

    private static readonly string[] Golds =
        ["7", "\\frac{1}{2}", "x^2+1", "(1,2)", "[1,3)", "\\{1,2\\}", "\\sqrt{2}+\\sqrt{3}", "y=2x+3", "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "east", "(x+y+z)^{20}"];

    private static readonly string[] Pieces =
    [
        "\\frac", "{", "}", "(", ")", "[", "]", "\\{", "\\}", "^", "_", "+", "-", "*", "/", "=", "<", "\\le", "\\sqrt", "\\sqrt[3]", "\\sin", "\\log_2", "x", "y", "e", "i",
        "\\pi", "1", "2", "0.5", "10^{99}", "!", "\\pm", "\\cup", "\\infty", ",", ";", ":", " and ", "\\text{cm}", "\\boxed{", "$", "\\(", "\\]", "|", "%", "\\circ",
        "\\begin{pmatrix}", "\\end{pmatrix}", "&", "\\\\", "\\sum_{k=1}^{100}", "\\binom", "(x+y+z+w)^{40}", "^{1/2}", "\\left", "\\right", "answer is ", "####", "\n", " ",
        "<think>", "</think>", "中", "\ud83d", "\0", "²", "√", "½", "(B)", "9^9^9^9", "100!", "e^{i\\pi}", "\\lim", "\\int", "…", "<|", "|>",
    ];

    [Theory]
    [InlineData("9^{9^{9^{9}}}")]
    [InlineData("10^{1000000000}")]
    [InlineData("1000000000!")]
    [InlineData("2^{0.123456789123456789}")]
    [InlineData("(a+b+c+d+f+g+h)^{40}")]
    [InlineData("\\sum_{k=1}^{1000000000} k")]
    [InlineData("\\frac{1}{0}")]
    [InlineData("0^0/0")]
    [InlineData("1e999999999")]
    [InlineData("\\sqrt{-\\sqrt{-1}}")]
    public void Monstrous_values_are_refused_and_not_computed(string answer) => Assert.Equal(0, Maths.Score("7", answer).Reward);

    [Fact]
    public void Deep_nesting_and_endless_text_are_read_within_limits()
    {
        Assert.Equal(0, Maths.Score("7", Repeat("(", 100_000)).Reward);
        Assert.Equal(0, Maths.Score("7", Repeat("\\frac{1", 50_000)).Reward);
        Assert.Equal(0, Maths.Score("7", Repeat("1\\frac", 50_000)).Reward);
        Assert.Equal(0, Maths.Score("7", Repeat("\\boxed{", 50_000)).Reward);
        Assert.Equal(0, Maths.Score("7", Repeat("$x$ and ", 50_000)).Reward);
        Assert.Equal(0, Maths.Score("7", Repeat("the answer ", 50_000)).Reward);
        Assert.Equal(0, Maths.Score("7", Repeat("A:", 50_000)).Reward);
        Assert.Equal(1, Maths.Score("7", Repeat("so 3 + 4 = 7 ", 50_000)).Reward);
    }

    [Fact]
    public void No_random_text_makes_it_throw()
    {
        var random = new CounterRandom(Seeds.For(1, "random texts"));
        for (var round = 0; round < 4_000; round++)
        {
            var text = new StringBuilder();
            for (var length = random.Next(30); length >= 0; length--)
                text.Append(round % 8 == 0 ? ((char)random.Next(0x3000)).ToString() : Pieces[random.Next(Pieces.Length)]);
            var gold = Golds[random.Next(Golds.Length)];
            Assert.Equal(VerdictStatus.Ok, Maths.Score(gold, text.ToString()).Status);
            Assert.NotEqual(VerdictStatus.Error, Maths.Score(text.ToString(), gold).Status);
        }
    }

    [Fact]
    public void The_verdict_is_a_function_of_the_texts_alone()
    {
        string[] answers = ["(x+y+z+w)^{40}", "(z+y+x)^{20}", "\\sqrt{5+2\\sqrt6}"];
        Assert.All(answers, answer => Assert.All(Golds, gold =>
        {
            var first = Maths.Score(gold, answer);
            var again = Verifiers.Create("maths").Score(gold, answer);
            Assert.Equal((first.Reward, first.Reason), (again.Reward, again.Reason));
        }));
    }

    private static string Repeat(string piece, int times) => new StringBuilder().Insert(0, piece, times).ToString();
}
