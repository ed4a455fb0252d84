using System.Globalization;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rewards;
using KnapsackCloud.Core.Tasks;

namespace KnapsackCloud.Core.Tests.Tasks;

public class ChainSumTests
{
    private const string Source = "chain-sums:sum2-9?pool=1024&weights=3,2,1,1,1,1,1,1&heldOut=100";

    private static readonly TaskSets Sets = ProceduralSource.Parse(Source).Build(1);
    private static readonly IReadOnlyList<TrainingTask> Every = [.. Sets.Training, .. Sets.Evaluation];

    [Fact]
    public void Gold_answers_are_the_sums_of_as_many_numbers_as_the_family_says() => Assert.All(Every, task =>
    {
        var terms = task.Prompt[..^1].Split('+').Select(Number).ToList();
        Assert.Equal('=', task.Prompt[^1]);
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"sum{terms.Count}"), task.Family);
        Assert.All(terms, term => Assert.InRange(term, 0, 9));
        Assert.Equal(terms.Sum(), Number(task.Gold));
    });

    [Fact]
    public void Only_the_gold_answer_verifies()
    {
        var exact = Verifiers.Create("exact");
        Assert.All(Every, task => Assert.Equal(1, exact.Score(task.Gold, task.Gold).Reward));
        Assert.All(Every.Where(task => task.Gold.Length == 2 && task.Gold[0] != task.Gold[1]), task =>
            Assert.Equal(0, exact.Score(task.Gold, string.Concat(task.Gold.Reverse())).Reward));
        Assert.All(Every, task => Assert.Equal(0, exact.Score(task.Gold, (Number(task.Gold) + 1).ToString(CultureInfo.InvariantCulture)).Reward));
    }

    [Fact]
    public void Held_out_prompts_are_not_trained_on_and_every_length_has_as_many()
    {
        Assert.Empty(Sets.Training.Select(task => task.Prompt).Intersect(Sets.Evaluation.Select(task => task.Prompt)));
        Assert.Equal(8, Sets.Evaluation.CountBy(task => task.Family).Count());
        Assert.All(Sets.Evaluation.CountBy(task => task.Family), family => Assert.Equal(100, family.Value));
    }

    [Fact]
    public void No_answer_is_longer_than_its_family_says_and_longer_chains_are_harder()
    {
        var families = ProceduralSource.Parse(Source).Families;
        Assert.Equal(Enumerable.Range(1, 8), families.Select(family => family.Difficulty));
        Assert.All(Every, task => Assert.InRange(task.Gold.Length + 1, 2, families.Single(family => family.Name == task.Family).MaxAnswerTokens));
    }

    [Theory]
    [InlineData("chain-sums:", 1)]
    [InlineData("chain-sums:sum1", 2)]
    [InlineData("chain-sums:add1-5", 2)]
    [InlineData("chain-sums:sum2-9?weights=1,2&pool=-1", 2)]
    public void Every_error_of_a_source_is_listed(string source, int count) =>
        Assert.Equal(count, Assert.Throws<InvalidInputException>(() => ProceduralSource.Parse(source)).Errors.Count);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
