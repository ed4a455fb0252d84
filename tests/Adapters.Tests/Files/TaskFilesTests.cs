using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Tests.Shared;
using Parquet.Serialization;

namespace KnapsackCloud.Adapters.Tests.Files;

public sealed class TaskFilesTests : IDisposable
{
    private static readonly TaskLayout Question = new() { Prompt = "question", Gold = "answer" };
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("t.jsonl", "{\"question\":\"Say \\\"1,2\\\"\\nnow\",\"answer\":7}\n{\"question\":\"R\",\"answer\":\"8\"}\n")]
    [InlineData("t.json", "[{\"question\":\"Say \\\"1,2\\\"\\nnow\",\"answer\":7},{\"question\":\"R\",\"answer\":\"8\"}]")]
    [InlineData("t.csv", "answer,question\n7,\"Say \"\"1,2\"\"\nnow\"\n8,R\n")]
    [InlineData("t.TSV", "answer\tquestion\r\n7\t\"Say \"\"1,2\"\"\nnow\"\r\n8\tR\r\n")]
    public void A_file_of_each_format_has_the_same_tasks(string name, string text)
    {
        var tasks = Read(Write(name, text), Question).Tasks;
        Assert.Equal([("Say \"1,2\"\nnow", "7"), ("R", "8")], tasks.Select(task => (task.Prompt, task.Gold)));
        Assert.Equal(2, tasks.Select(task => task.Id).Distinct().Count());
    }

    [Fact]
    public async Task Nested_columns_of_Parquet_are_read_as_those_of_JSON()
    {
        var rows = Enumerable.Range(0, 3).Select(i => new DapoRow
        {
            Prompt = [new Turn { Role = "user", Content = $"Q{i}" }],
            RewardModel = new Rule { GroundTruth = $"{i}", Style = "rule" },
            ExtraInfo = new Info { Index = $"row-{i}" },
            Ability = "MATH",
        });
        var path = _folder["d.parquet"];
        await using (var file = File.Create(path)) await ParquetSerializer.SerializeAsync(rows, file, new Parquet.ParquetOptions { RowGroupSize = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal([new(TaskId.Parse("row-0"), "MATH", "Q0", "0"), new(TaskId.Parse("row-1"), "MATH", "Q1", "1"), new(TaskId.Parse("row-2"), "MATH", "Q2", "2")], Read(path, new TaskLayout { Preset = "dapo-math-17k" }).Tasks);
    }

    [Fact]
    public void Every_wrong_row_of_separated_values_has_its_line()
    {
        var path = Write("t.csv", "question,answer\nQ,1\n\"two\nlines\",\nR,2,3\nS\n");
        var places = Assert.Throws<InvalidInputException>(() => Read(path, Question)).Errors.Select(error => error.Place);
        Assert.Equal(["t.csv:3 answer", "t.csv:5", "t.csv:6"], places);
    }

    [Theory]
    [InlineData("t.parquet", "PAR1 and no more")]
    [InlineData("t.json", "{")]
    [InlineData("t.csv", "")]
    [InlineData("t.csv", "question,question\n1,2\n")]
    [InlineData("t.csv", "question,answer\n\"never ends,2\n")]
    [InlineData("t.txt", "Q 1")]
    public void What_is_no_file_of_its_format_is_refused(string name, string text) =>
        Assert.Contains(name, Assert.Throws<InvalidInputException>(() => Read(Write(name, text), Question)).Message, StringComparison.Ordinal);

    private static Core.Tasks.TaskFileContent Read(string path, TaskLayout layout) => TaskFiles.Read(Path.GetFileName(path), path, layout);

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder[name], text);
        return _folder[name];
    }

    private sealed class DapoRow
    {
        [System.Text.Json.Serialization.JsonPropertyName("prompt")]
        public List<Turn> Prompt { get; set; } = [];
        [System.Text.Json.Serialization.JsonPropertyName("reward_model")]
        public Rule RewardModel { get; set; } = new();
        [System.Text.Json.Serialization.JsonPropertyName("extra_info")]
        public Info ExtraInfo { get; set; } = new();
        [System.Text.Json.Serialization.JsonPropertyName("ability")]
        public string Ability { get; set; } = "";
    }

    private sealed class Turn
    {
        [System.Text.Json.Serialization.JsonPropertyName("content")]
        public string Content { get; set; } = "";
        [System.Text.Json.Serialization.JsonPropertyName("role")]
        public string Role { get; set; } = "";
    }

    private sealed class Rule
    {
        [System.Text.Json.Serialization.JsonPropertyName("ground_truth")]
        public string GroundTruth { get; set; } = "";
        [System.Text.Json.Serialization.JsonPropertyName("style")]
        public string Style { get; set; } = "";
    }

    private sealed class Info
    {
        [System.Text.Json.Serialization.JsonPropertyName("index")]
        public string Index { get; set; } = "";
    }
}
