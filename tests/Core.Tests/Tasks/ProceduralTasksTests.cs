using System.Security.Cryptography;
using System.Text;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Tasks;

namespace KnapsackCloud.Core.Tests.Tasks;

public class ProceduralTasksTests
{
    private const string Example = "arithmetic:add1-5,sub1-5?pool=1024&weights=6,1,1,2,2&heldOut=100";

    [Fact]
    public void Gold_answers_are_right()
    {
        Assert.All(ProceduralSource.Parse(Example).Build(1).Training, task =>
        {
            var a = Number(task.Prompt[..5]);
            var b = Number(task.Prompt[6..11]);
            Assert.Equal(task.Prompt[5] == '+' ? a + b : a - b, Number(task.Gold));
            Assert.Equal('=', task.Prompt[11]);
            Assert.InRange(Number(task.Gold), 0, 199_998);
        });

        static long Number(string reversed) => long.Parse(string.Concat(reversed.Reverse()), System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void No_prompt_is_both_trained_on_and_held_out()
    {
        var sets = ProceduralSource.Parse(Example).Build(1);
        Assert.Empty(sets.Training.Select(task => task.Prompt).Intersect(sets.Evaluation.Select(task => task.Prompt)));
    }

    [Fact]
    public void A_seed_gives_the_same_pool_and_every_seed_the_same_held_out_tasks()
    {
        var source = ProceduralSource.Parse(Example);
        Assert.Equal(source.Build(1).Training, source.Build(1).Training);
        Assert.NotEqual(source.Build(1).Training, source.Build(2).Training);
        Assert.Equal(source.Build(1).Evaluation, source.Build(2).Evaluation);
    }

    /// <summary>A change of them would break the comparison of new runs with old ones.</summary>
    [Theory]
    [InlineData(Example, "d39a8d8371986c42")]
    [InlineData("chain-sums:sum2-9?pool=1024&heldOut=100", "3e088f8ca2cfa8fd")]
    [InlineData("countdown:count3-6?pool=1024&heldOut=100", "69c0f785b9e7592a")]
    [InlineData("fractions:frac1-5?pool=1024&heldOut=100", "306170bc7af28a4b")]
    [InlineData("linear-equations:lin1-5?pool=1024&heldOut=100", "004d97c81c0834f6")]
    [InlineData("sorting:sort2-9?pool=1024&heldOut=100", "2ea1abf7aba4c221")]
    [InlineData("base-conversion:base1-6?pool=1024&heldOut=100", "0a7b499b60121a0e")]
    public void Tasks_are_the_same_on_every_machine_and_in_every_version(string source, string digest)
    {
        var sets = ProceduralSource.Parse(source).Build(1);
        var text = string.Join('\n', sets.Training.Concat(sets.Evaluation).Select(task => $"{task.Id} {task.Family} {task.Prompt} {task.Gold}"));
        Assert.StartsWith(digest, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))), StringComparison.Ordinal);
    }

    [Fact]
    public void Pool_follows_the_weights_and_held_out_tasks_are_equal_per_family()
    {
        var sets = ProceduralSource.Parse(Example).Build(1);
        Assert.Equal(1024, sets.Training.Count);
        Assert.Equal(1024, sets.Training.Select(task => task.Id).Distinct().Count());
        Assert.InRange(sets.Training.Count(task => task.Family is "add1" or "sub1"), 450, 575);
        Assert.All(sets.Evaluation.CountBy(task => task.Family), family => Assert.Equal(100, family.Value));
    }

    [Fact]
    public void Tasks_survive_their_file_form()
    {
        var tasks = ProceduralSource.Parse(Example).Build(3).Training;
        var file = string.Join('\n', tasks.Select(task => System.Text.Json.JsonSerializer.Serialize(task, ContractsJson.Default.TrainingTask)));
        Assert.Equal(tasks, TaskFile.Parse("tasks.jsonl", file));
    }

    [Theory]
    [InlineData("arithmetic:", 1)]
    [InlineData("arithmetic:mul1-3", 2)]
    [InlineData("arithmetic:add0-6,sub3-1", 3)]
    [InlineData("arithmetic:add1,add1", 1)]
    [InlineData("arithmetic:add1-5?pool=0&weights=1,2&colour=red&heldOut=x", 4)]
    public void Every_error_of_a_source_is_listed(string source, int count) =>
        Assert.Equal(count, Assert.Throws<InvalidInputException>(() => ProceduralSource.Parse(source)).Errors.Count);

    [Fact]
    public void Every_error_of_a_task_file_has_its_line()
    {
        const string file = """
            {"prompt":"1+1=","gold":"2"}
            {"prompt":"1+1="}

            not json
            {"id":"../x","prompt":"","gold":"2"}
            {"id":"a","prompt":"x","gold":"y","colour":1}
            {"id":"000001","prompt":"x","gold":"y"}
            """;
        var places = Assert.Throws<InvalidInputException>(() => TaskFile.Parse("f.jsonl", file)).Errors.Select(error => error.Place);
        Assert.Equal(["f.jsonl:2 gold", "f.jsonl:4", "f.jsonl:5 id", "f.jsonl:5 prompt", "f.jsonl:6 colour", "f.jsonl:7 id"], places);
    }
}
