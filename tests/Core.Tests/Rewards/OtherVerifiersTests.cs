using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rewards;

namespace KnapsackCloud.Core.Tests.Rewards;

public class OtherVerifiersTests
{
    [Theory]
    [InlineData("C", "(C)", 1)]
    [InlineData("C", "The answer is C because A is odd.", 1)]
    [InlineData("(C) blue", "\\boxed{\\text{C}}", 1)]
    [InlineData("C", "C. blue", 1)]
    [InlineData("C", "A, B and then D", 0)]
    [InlineData("C", "blue", 0)]
    public void Choice_compares_the_option(string gold, string completion, double reward) => Assert.Equal(reward, Score("choice", gold, completion).Reward);

    [Fact]
    public void Choice_needs_an_option_for_gold() => Assert.Equal(VerdictStatus.UnparsableGold, Score("choice", "blue", "C").Status);

    [Theory]
    [InlineData("98: 44 19 35", "44 + 19 + 35", 1)]
    [InlineData("98: 44 19 35", "<think>no</think><answer>35 + (19 + 44) = 98</answer>", 1)]
    [InlineData("24: 3 3 8 8", "\\boxed{8 / (3 - 8 / 3)}", 1)]
    [InlineData("8/(3-8/3)", "8/(3 - 8/3)", 1)]
    [InlineData("24: 3 3 8 8", "3 * 8", 0)]
    [InlineData("24: 3 3 8 8", "24", 0)]
    [InlineData("24: 3 3 8 8", "3 * 8 + 3 - 3 + 8 - 8", 0)]
    [InlineData("24: 3 3 8 8", "3 + 3 + 8 + 8", 0)]
    [InlineData("24: 3 3 8 8", "33 - 8 - 8/8", 0)]
    [InlineData("16: 2 4", "2^4", 0)]
    [InlineData("24: 1 24", "1 * 24 / 0", 0)]
    public void Countdown_wants_every_number_once_and_the_value(string gold, string completion, double reward) =>
        Assert.Equal(reward, Score("countdown", gold, completion).Reward);

    [Fact]
    public void Countdown_records_which_half_failed()
    {
        var verdict = Score("countdown", "24: 3 8 1", "3 * 8");
        Assert.Equal([new RewardPart("countdown.numbers", 0), new RewardPart("countdown.value", 1)], verdict.Parts);
    }

    [Theory]
    [InlineData("5/4", "5/4", 1)]
    [InlineData("5/4", "So we get \\boxed{\\frac{5}{4}}.", 1)]
    [InlineData("5/4", "The answer is 1.25.", 1)]
    [InlineData("5/4", "1 1/4", 1)]
    [InlineData("5/4", "10/8", 1)]
    [InlineData("-5/4", "x = -5/4", 1)]
    [InlineData("-5/4", "$x=-\\frac54$", 1)]
    [InlineData("5/4", "1/2 + 3/4", 0)]
    [InlineData("5/4", "2 - 3/4", 0)]
    [InlineData("5/4", "(19-4)/12", 0)]
    [InlineData("5/4", "5/4, 1", 0)]
    [InlineData("5", "\\sqrt{25}", 0)]
    [InlineData("5", "5 or 6", 0)]
    [InlineData("5", "", 0)]
    public void Rational_wants_one_number_and_no_calculation(string gold, string completion, double reward) => Assert.Equal(reward, Score("rational", gold, completion).Reward);

    [Theory]
    [InlineData("-3, 5, 9", "-3, 5, 9", 1)]
    [InlineData("-3, 5, 9", "From 9, -3, 5 I get: [-3 5 9].", 1)]
    [InlineData("-3, 5, 9", "\\boxed{-3 < 5 < 9}, since 5 is the middle", 1)]
    [InlineData("-3, 5, 9", "<think>9, 5</think>\u22123, 5, and 9", 1)]
    [InlineData("1, 234", "1,234", 1)]
    [InlineData("-3, 5, 9", "9, 5, -3", 0)]
    [InlineData("-3, 5, 9", "5, 9", 0)]
    [InlineData("-3, 5, 9", "-3, 5, 9, 9", 0)]
    [InlineData("-3, 5, 9", "3, 5, 9", 0)]
    [InlineData("-3, 5, 9", "-3, 5, 9 or 9, 5, -3", 0)]
    [InlineData("-3, 5, 9", "nothing", 0)]
    public void Sequence_wants_the_order(string gold, string completion, double reward) => Assert.Equal(reward, Score("sequence", gold, completion).Reward);

    [Theory]
    [InlineData("2f", "2f", 1)]
    [InlineData("2f", "The answer is 0x2F.", 1)]
    [InlineData("23be", "The answer is 23be, as 16 is the base.", 1)]
    [InlineData("bed", "bed", 1)]
    [InlineData("2f", "\\boxed{2F_{16}}", 1)]
    [InlineData("2f", "$\\text{2f}_{16}$", 1)]
    [InlineData("101", "101 (base 2)", 1)]
    [InlineData("101", "0101", 1)]
    [InlineData("2f", "f2", 0)]
    [InlineData("2f", "47", 0)]
    [InlineData("101", "5", 0)]
    [InlineData("101", "101 or 110", 0)]
    [InlineData("101", "", 0)]
    public void Digits_wants_the_digits_and_not_the_value(string gold, string completion, double reward) => Assert.Equal(reward, Score("digits", gold, completion).Reward);

    [Theory]
    [InlineData("rational", "seven")]
    [InlineData("sequence", "seven")]
    [InlineData("digits", "-")]
    public void A_gold_answer_that_cannot_be_read_is_no_zero(string verifier, string gold) => Assert.Equal(VerdictStatus.UnparsableGold, Score(verifier, gold, "7").Status);

    [Theory]
    [InlineData("<think>a\nb</think>\nSeven.", 1, 0)]
    [InlineData("<think></think><answer>7</answer>", 1, 1)]
    [InlineData("<think>a</think>\n<answer>7\n</answer>", 1, 1)]
    [InlineData("<think>a</think> so <answer>7</answer>", 1, 0)]
    [InlineData("<think>a</think><answer>7</answer>.", 1, 0)]
    [InlineData("<think>a<think>b</think></think>c", 0, 0)]
    [InlineData(" <think>a</think>c", 0, 0)]
    [InlineData("<think>a", 0, 0)]
    [InlineData("<answer>7</answer>", 0, 0)]
    [InlineData("", 0, 0)]
    public void Format_looks_at_the_tags_alone(string completion, double thinking, double both)
    {
        Assert.Equal(thinking, Score("think-format", "7", completion).Reward);
        Assert.Equal(both, Score("format", "7", completion).Reward);
    }

    [Theory]
    [InlineData("a a a a a", 2, -1, -0.75)]
    [InlineData("so it is so it goes", 2, -1, -0.2)]
    [InlineData("So IT is so it", 2, -2, -0.5)]
    [InlineData("one two", 3, -1, 0)]
    [InlineData("", 2, -1, 0)]
    public void Repetition_costs_the_share_of_repeated_n_grams(string completion, int ngram, double largest, double penalty) =>
        Assert.Equal(penalty, RepetitionPenalty.Of(completion, ngram, largest), 12);

    [Theory]
    [InlineData(0, 1.0)]
    [InlineData(50, 0.75)]
    [InlineData(100, 0.5)]
    [InlineData(1_000, 0.5)]
    public void The_cosine_falls_from_short_to_long(int tokens, double reward)
    {
        Assert.Equal(reward, LengthRewards.Cosine(tokens, 100, 1, 0.5), 12);
        Assert.Equal(-reward, LengthRewards.Cosine(tokens, 100, -1, -0.5), 12);
    }

    [Theory]
    [InlineData("7", 0, 1.0)]
    [InlineData("7", 50, 0.75)]
    [InlineData("7", 100, 0.5)]
    [InlineData("8", 0, -1.0)]
    [InlineData("8", 100, -0.5)]
    public async Task A_short_right_answer_gets_the_most_and_a_short_wrong_one_the_least(string completion, int tokens, double reward)
    {
        var answer = new Answer("t", "", "7", completion) { Length = new CompletionLength(tokens, 100) };
        var verdict = Assert.Single(await Scorers.BuiltIn.Create("2*cosine:exact + format").ScoreAsync([answer], TestContext.Current.CancellationToken));

        Assert.Equal(2 * reward, verdict.Reward!.Value, 12);
        Assert.Equal(["exact", "cosine:exact", "format"], verdict.Parts.Select(part => part.Name));
        Assert.Equal(reward, verdict.Parts[1].Value, 12);
    }

    [Fact]
    public async Task Without_a_length_there_is_no_reward_for_it()
    {
        var verdict = Assert.Single(await Scorers.BuiltIn.Create("cosine:exact").ScoreAsync([new Answer("t", "", "7", "7")], TestContext.Current.CancellationToken));
        Assert.Equal((VerdictStatus.Error, null), (verdict.Status, verdict.Reward));
    }

    [Theory]
    [InlineData("cosine:guess")]
    [InlineData("cosine:cosine:maths")]
    [InlineData("cosine:")]
    [InlineData("numeric:")]
    [InlineData("numeric:0")]
    [InlineData("numeric:-0.1")]
    [InlineData("numeric:1")]
    [InlineData("numeric:some")]
    public void A_name_whose_second_half_is_wrong_is_refused(string name) => Assert.Single(Verifiers.Problems(name));

    [Fact]
    public void A_weighted_sum_records_each_part_unweighted()
    {
        var verdict = Score("maths + 0.5*format + -0.25*exact", "7", "<think>a</think><answer>7.0</answer>");
        Assert.Equal(1.5, verdict.Reward);
        Assert.Equal([new RewardPart("maths", 1), new RewardPart("format", 1), new RewardPart("exact", 0)], verdict.Parts);
    }

    [Fact]
    public void A_part_without_a_reward_leaves_the_sum_without_one()
    {
        var verdict = Score("format + numeric", "seven", "7");
        Assert.Equal((VerdictStatus.UnparsableGold, null), (verdict.Status, verdict.Reward));
    }

    [Fact]
    public void Every_wrong_term_of_a_sum_is_reported()
    {
        var refusal = Assert.Throws<InvalidInputException>(() => Verifiers.Create("maths + x*format + guess"));
        Assert.Equal(2, refusal.Errors.Count);
    }

    private static Verdict Score(string verifier, string gold, string completion) => Verifiers.Create(verifier).Score(gold, completion);
}
