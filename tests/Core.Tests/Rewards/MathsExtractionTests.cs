using KnapsackCloud.Core.Rewards;

namespace KnapsackCloud.Core.Tests.Rewards;

public class MathsExtractionTests
{
    private static readonly IVerifier Maths = Verifiers.Create("maths");

    [Theory]
    [InlineData("First 12, then \\boxed{70}.")]
    [InlineData("\\boxed{12} was wrong.\n\nIt is \\(\\boxed{70}\\).")]
    [InlineData("Nested: \\boxed{\\frac{\\sqrt{4900}}{1}}")]
    [InlineData("7*10 = <<7*10=70>>70\n#### 70")]
    [InlineData("5*14=70 eggs\nA: 70")]
    [InlineData("The final answer is $70$. I hope it is correct.")]
    [InlineData("**Final Answer:** The largest n is 70.")]
    [InlineData("**Answer:** 70 miles")]
    [InlineData("答案是70。")]
    [InlineData("La réponse est 70.")]
    [InlineData("La respuesta es: 70")]
    [InlineData("Ответ: 70")]
    [InlineData("所以一共有 30 + 40 = 70只。")]
    [InlineData("She had 100 and gave 30, so she has $70 left.")]
    [InlineData("So in total: 30 + 40 = 70")]
    [InlineData("<think>maybe 12, \\boxed{12}</think>So it is 70.")]
    [InlineData("<think>12</think><answer>70</answer>")]
    [InlineData("Hence \\[ x = 70. \\]")]
    [InlineData("It is 70.<|im_end|>\n<|im_start|>user\nAnd 80?")]
    public void The_final_answer_is_found(string completion) => Assert.Equal(1, Maths.Score("70", completion).Reward);

    [Theory]
    [InlineData("I thought 70, but \\boxed{71}")]
    [InlineData("The answer is 71. Not 70.")]
    [InlineData("<think>70")]
    [InlineData("<think>\\boxed{70}</think>")]
    [InlineData("\\boxed{}")]
    [InlineData("\\boxed{70, 71, 72}")]
    [InlineData("70 or 71")]
    [InlineData("X70Y")]
    [InlineData("#### 700")]
    [InlineData("")]
    public void A_mention_is_not_an_answer(string completion) => Assert.Equal(0, Maths.Score("70", completion).Reward);

    [Theory]
    [InlineData("-2, 1", "\\boxed{-2} \\quad \\text{and} \\quad \\boxed{1}")]
    [InlineData("-2, 1", "The solutions are $1$ and $-2$.")]
    [InlineData("(1,1),(3,3)", "\\boxed{(3, 3)} \\text{ in one case and } \\boxed{(1, 1)}")]
    public void Neighbouring_boxes_and_spans_are_one_answer(string gold, string completion) =>
        Assert.Equal(1, Maths.Score(gold, completion).Reward);

    [Fact]
    public void A_worked_solution_may_be_the_gold_answer() =>
        Assert.Equal(1, Maths.Score("We add 30 and 40 to get \\(\\boxed{70}\\).", "70").Reward);
}
