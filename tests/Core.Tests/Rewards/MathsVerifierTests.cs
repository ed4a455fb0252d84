using KnapsackCloud.Core.Rewards;

namespace KnapsackCloud.Core.Tests.Rewards;

public class MathsVerifierTests
{
    private static readonly IVerifier Maths = Verifiers.Create("maths");

    [Theory]
    [InlineData("1000", "1,000", "1 000", "1{,}000", "1\\,000", "1000.00", "10^3", "1e3", "\\$1,000", "1,000 dollars", "1000 km/h", "1000m²")]
    [InlineData("0.5", "1/2", "\\frac12", "\\frac{1}{2}", "50\\%", ".5", "½", "2^{-1}", "1:2")]
    [InlineData("-\\frac{2}{3}", "-2/3", "\\frac{-2}{3}", "\\frac{2}{-3}", "−2/3", "-0.666667")]
    [InlineData("1\\frac{4}{5}", "1.8", "9/5", "1 4/5", "1 \\frac45")]
    [InlineData("20\\%", "20", "0.2", "20 percent", "\\frac{1}{5}")]
    [InlineData("90^\\circ", "90", "90°", "90 degrees", "\\frac{\\pi}{2}")]
    [InlineData(".0000672", "6.72e-5", "6.72 \\times 10^{-5}")]
    [InlineData("52_8", "52_{8}")]
    [InlineData("7:32", "14:64", "7/32")]
    [InlineData("24\\text{ m/s}", "24", "24 m/s", "24 meters per second")]
    public void Numbers_are_equal_however_they_are_written(string gold, params string[] answers) => AllScore(1, gold, answers);

    [Theory]
    [InlineData("2\\sqrt{3}", "\\sqrt{12}", "2√3", "\\frac{6}{\\sqrt3}", "12^{1/2}", "2*sqrt(3)")]
    [InlineData("1+\\sqrt{2}", "\\sqrt{3+2\\sqrt{2}}", "\\frac{1}{\\sqrt{2}-1}")]
    [InlineData("\\frac{\\sqrt2}{2}", "\\sin 45^\\circ", "\\cos\\frac{\\pi}{4}", "1/\\sqrt2")]
    [InlineData("x^2+2x+1", "(x+1)^2", "x**2+2*x+1", "f(x) = 1+2x+x^2")]
    [InlineData("\\frac{x+1}{x-1}", "\\frac{x^2-1}{(x-1)^2}", "1+\\frac{2}{x-1}")]
    [InlineData("2^{n+1}", "2 \\cdot 2^n", "\\frac{4^{n+1}}{2^{n+1}}")]
    [InlineData("\\ln 8", "3\\ln 2", "\\log_e 8")]
    [InlineData("3", "\\log_2 8", "\\binom{3}{2}", "\\sum_{k=1}^{2} k", "|-3|", "\\lfloor 3.7 \\rfloor")]
    [InlineData("\\sin^2 x", "1-\\cos^2 x", "\\frac{1-\\cos 2x}{2}")]
    [InlineData("6-5i", "-5i+6", "\\frac{61}{6+5i}")]
    [InlineData("-1", "e^{i\\pi}", "i^2")]
    public void Formulas_are_equal_when_algebra_says_so(string gold, params string[] answers) => AllScore(1, gold, answers);

    [Theory]
    [InlineData("(3,-2)", "\\left(3, -2\\right)", "(x,y) = (3,-2)", "x = 3 and y = -2", "\\begin{pmatrix}3\\\\-2\\end{pmatrix}")]
    [InlineData("\\{1,2,3\\}", "3, 2, 1", "1, 2 and 3", "$1$, $2$, and $3$", "x = 1 \\text{ or } x = 2 \\text{ or } x = 3")]
    [InlineData("1 \\pm \\sqrt{19}", "1+\\sqrt{19}, 1-\\sqrt{19}", "\\frac{2\\pm\\sqrt{76}}{2}")]
    [InlineData("[1,3)", "1 \\le x < 3", "3 > x \\ge 1", "x \\in [1,3)", "\\{x \\mid 1 \\le x < 3\\}")]
    [InlineData("(-\\infty,2)\\cup(3,\\infty)", "x < 2 or x > 3", "(-oo,2) U (3,oo)", "\\mathbb{R} \\setminus [2,3]")]
    [InlineData("x \\neq 3", "(-\\infty,3)\\cup(3,\\infty)", "\\mathbb{R}\\setminus\\{3\\}")]
    [InlineData("y=2x+3", "2x-y+3=0", "y-3=2x", "2x+3")]
    [InlineData("x^2+y^2=4", "\\frac{x^2}{4}+\\frac{y^2}{4}=1")]
    [InlineData("p=5, q=2 \\text{ and } p=7, q=2", "(5,2), (7,2)", "p=7,q=2; p=5,q=2")]
    [InlineData("\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "\\left[\\begin{array}{cc}1&2\\\\3&4\\end{array}\\right]", "2\\begin{pmatrix}\\frac12&1\\\\\\frac32&2\\end{pmatrix}")]
    public void Several_values_and_relations_are_equal_by_what_they_mean(string gold, params string[] answers) => AllScore(1, gold, answers);

    [Theory]
    [InlineData("\\text{east}", "East", "$\\text{east}$", "The answer is \\text{east}.")]
    [InlineData("\\text{(C)}", "C", "C. 42", "The correct answer is (C).", "The answer is C, it cannot be A.")]
    public void Words_and_option_letters_are_answers_too(string gold, params string[] answers) => AllScore(1, gold, answers);

    [Theory]
    [InlineData("1000", "100", "1000.5", "-1000", "1,001", "10000")]
    [InlineData("0.5", "5", "0.05", "0.51", "-1/2")]
    [InlineData("2\\sqrt{3}", "2\\sqrt{2}", "\\sqrt{6}", "3.46", "-2\\sqrt3")]
    [InlineData("12\\pi", "12", "37.7", "6\\pi")]
    [InlineData("x^2+2x+1", "x^2+2x-1", "(x-1)^2", "x^2+2x+1=0")]
    [InlineData("(3,-2)", "(-2,3)", "(3,2)", "(3,-2,0)", "[3,-2]", "3")]
    [InlineData("[1,3)", "(1,3)", "[1,3]", "1<x<3")]
    [InlineData("\\{1,2,3\\}", "\\{1,2\\}", "1,2,3,4", "123", "6")]
    [InlineData("1 \\pm \\sqrt{19}", "1+\\sqrt{19}", "-1\\pm\\sqrt{19}")]
    [InlineData("x>5", "x<5", "x\\ge5", "5")]
    [InlineData("2x+z=1", "1", "2x-z=1")]
    [InlineData("52_8", "52", "52_9", "42")]
    [InlineData("\\text{east}", "seat", "west", "southeast")]
    [InlineData("\\infty", "-\\infty", "8")]
    [InlineData("C", "The answer is A, not C.", "\\boxed{D}", "C = 5")]
    public void Unequal_answers_get_nothing(string gold, params string[] answers) => AllScore(0, gold, answers);

    [Fact]
    public void Agreement_to_the_precision_of_doubles_is_no_proof()
    {
        AllScore(0, "10^{30}", ["10^{30}+1"]);
        AllScore(0, "\\sin x", ["1.00000000000000000001\\sin x"]);
        // A famous near-integer, equal to 640320^3 + 744 in its first thirty digits.
        AllScore(0, "262537412640768744", ["e^{\\pi\\sqrt{163}}"]);
    }

    [Fact]
    public void A_rounding_that_the_answer_states_itself_must_hold()
    {
        AllScore(1, "4.12", ["\\sqrt{17} \\approx 4.12"]);
        AllScore(0, "5", ["\\sqrt{17} \\approx 5.0", "x = \\frac13 \\approx 5"]);
    }

    [Fact]
    public void An_empty_gold_answer_is_the_task_files_fault() =>
        Assert.Equal(VerdictStatus.UnparsableGold, Maths.Score(" ", "7").Status);

    [Fact]
    public void The_reason_says_what_was_compared() => Assert.Equal("0.5 = 1/2", Maths.Score("1/2", "So it is \\boxed{0.5}.").Reason);

    private static void AllScore(double reward, string gold, string[] answers) =>
        Assert.All(answers, answer => Assert.Equal(reward, Maths.Score(gold, answer).Reward));
}
