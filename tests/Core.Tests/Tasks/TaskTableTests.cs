using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Tasks;

namespace KnapsackCloud.Core.Tests.Tasks;

public class TaskTableTests
{
    private static readonly TaskLayout Question = new() { Prompt = "question", Gold = "answer" };

    /// <summary>A row of each data set as it is published.</summary>
    [Theory]
    [InlineData("gsm8k", """{"question":"Q","answer":"3 + 4 = <<3+4=7>>7\n#### 1,007"}""", "Q", "1007", "000001", "")]
    [InlineData("math", """{"problem":"Q","level":"Level 5","type":"Algebra","solution":"So \\boxed{\\frac{1}{2}}."}""", "Q", "\\frac{1}{2}", "000001", "Algebra/Level 5")]
    [InlineData("math", """{"problem":"Q","solution":"So \\boxed{3}.","answer":"3","subject":"Algebra","level":5,"unique_id":"test/algebra/1.json"}""", "Q", "3", "test-algebra-1.json", "Algebra/5")]
    [InlineData("dapo-math-17k", """{"data_source":"math_dapo","prompt":[{"content":"Q","role":"user"}],"ability":"MATH","reward_model":{"ground_truth":"34","style":"rule"},"extra_info":{"index":"9a9b-6eb4"}}""", "Q", "34", "9a9b-6eb4", "MATH")]
    [InlineData("dapo-math-17k", """{"prompt":"Q","solution":"34","data_source":"math_dapo","extra_info":{"index":"x"}}""", "Q", "34", "x", "")]
    [InlineData("deepscaler", """{"problem":"Q","answer":"-\\frac{2}{3}","solution":"..."}""", "Q", "-\\frac{2}{3}", "000001", "")]
    [InlineData("aime", """{"ID":"2024-II-4","Problem":"Q","Solution":"...","Answer":33}""", "Q", "33", "2024-II-4", "")]
    [InlineData("aime", """{"id":60,"problem":"Q","solution":"...","answer":"204","url":"u","year":"2024"}""", "Q", "204", "60", "")]
    [InlineData("amc", """{"id":0,"problem":"Q","answer":142.0,"url":"u"}""", "Q", "142.0", "0", "")]
    [InlineData("amc", """{"id":0,"answer":27.0,"question":"Q","url":"u"}""", "Q", "27.0", "0", "")]
    public void A_preset_knows_the_columns_of_its_data_set(string preset, string row, string prompt, string gold, string id, string family) =>
        Assert.Equal(new TrainingTask(TaskId.Parse(id), family, prompt, gold), Assert.Single(Read(new TaskLayout { Preset = preset }, row).Tasks));

    [Fact]
    public void Columns_are_named_and_a_template_is_written_around_the_prompt()
    {
        var layout = new TaskLayout { Prompt = "turns.1.text", Gold = "meta.answer", Id = "meta.key", Family = "kind, level", Template = "Set {{ kind }}: {{prompt}} Answer in \\boxed{}." };
        var content = Read(layout, """{"turns":[{"text":"no"},{"text":"1+1?"}],"meta":{"answer":2,"key":"a b"},"kind":"sums","level":1,"more":[]}""");
        Assert.Equal(new TrainingTask(TaskId.Parse("a-b"), "sums/1", "Set sums: 1+1? Answer in \\boxed{}.", "2"), Assert.Single(content.Tasks));
    }

    [Fact]
    public void Repeated_rows_are_left_out_with_a_note_and_contradictions_are_refused_with_both_places()
    {
        string[] rows = ["""{"question":"Q","answer":"1"}""", """{"question":"R","answer":"2"}""", """{"question":"Q","answer":"1"}"""];
        var content = Read(Question, rows);
        Assert.Equal(["000001", "000002"], content.Tasks.Select(task => task.Id.Value));
        Assert.Contains("1 rows repeat", Assert.Single(content.Notes), StringComparison.Ordinal);
        Assert.Equal(3, Read(Question with { Duplicates = "keep" }, rows).Tasks.Count);

        rows[2] = """{"question":"Q","answer":"3"}""";
        var refused = Assert.Single(Refused(Question, rows));
        Assert.Equal("f.jsonl:3 gold", refused.Place);
        Assert.Contains("f.jsonl:1", refused.Problem, StringComparison.Ordinal);
        Assert.Equal(["1", "2"], Read(Question with { Duplicates = "first" }, rows).Tasks.Select(task => task.Gold));
    }

    [Fact]
    public void Every_wrong_row_is_listed_with_its_place_and_column()
    {
        var places = Refused(
            Question with { Id = "id", Template = "{{hint}} {{prompt}}" },
            """{"question":"Q","answer":"1","hint":"h"}""", """{"question":" ","answer":"1","hint":"h"}""", "7", """{"question":"R","answer":["x"],"hint":"h"}""", "{", """{"question":"S","answer":null,"hint":"h"}""", """{"question":"T","answer":"1"}""",
            """{"id":"000001","question":"U","answer":"1","hint":"h"}""").Select(error => error.Place);
        Assert.Equal(["f.jsonl:2 question", "f.jsonl:3", "f.jsonl:4 answer", "f.jsonl:5", "f.jsonl:6 answer", "f.jsonl:7 hint", "f.jsonl:8 id"], places);
    }

    [Fact]
    public void A_file_with_other_columns_is_one_error_that_names_them()
    {
        var refused = Assert.Single(Refused(null, """{"question":"Q","answer":"1"}""", """{"question":"R","answer":"1"}"""));
        Assert.Equal("f.jsonl:1", refused.Place);
        Assert.Contains("no column prompt for the prompt and no column gold for the gold, but question, answer", refused.Problem, StringComparison.Ordinal);
        Assert.Contains("gsm8k", refused.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_solution_without_an_answer_is_refused() =>
        Assert.Equal("f.jsonl:2 answer", Assert.Single(Refused(new TaskLayout { Preset = "gsm8k" }, """{"question":"Q","answer":"#### 1"}""", """{"question":"R","answer":"one"}""")).Place);

    [Fact]
    public void A_file_full_of_errors_is_read_no_further() =>
        Assert.Equal(101, Refused(null, [.. Enumerable.Repeat("{", 5_000)]).Count);

    [Fact]
    public void A_document_is_an_array_and_its_rows_have_their_lines()
    {
        var rows = JsonRows.OfDocument("f.json", "[\n {\"prompt\":\"a\",\"gold\":\"b\"},\n\n {\"prompt\":\"c\"}\n]");
        Assert.Equal("f.json:4 gold", Assert.Single(Assert.Throws<InvalidInputException>(() => new TaskTable("f.json", null).Read(rows)).Errors).Place);
        Assert.Throws<InvalidInputException>(() => JsonRows.OfDocument("f.json", "{}"));
    }

    [Theory]
    [InlineData("""{ "preset": "gsm9k" }""", "tasks.layout.preset")]
    [InlineData("""{ "template": "Question:" }""", "tasks.layout.template")]
    [InlineData("""{ "template": "{{prompt" }""", "tasks.layout.template")]
    [InlineData("""{ "duplicates": "merge" }""", "tasks.layout.duplicates")]
    [InlineData("""{ "prompts": "question" }""", "tasks.layout.prompts")]
    public void A_layout_that_has_no_meaning_is_refused(string layout, string place) =>
        Assert.Equal([$"a.json:1 {place}"], Assert.Throws<InvalidInputException>(() => RunSpecReader.Read("a.json", $$"""{ "tasks": { "source": "f.csv", "layout": {{layout}} } }""")).Errors.Select(error => error.Place));

    [Fact]
    public void Procedural_tasks_have_no_layout() =>
        Assert.Contains("tasks.layout", Assert.Throws<InvalidInputException>(() => RunSpecReader.Read("a.json", """{ "tasks": { "layout": { "preset": "aime" } } }""")).Message, StringComparison.Ordinal);

    private static TaskFileContent Read(TaskLayout? layout, params string[] rows) => new TaskTable("f.jsonl", layout).Read(JsonRows.OfLines("f.jsonl", rows));

    private static IReadOnlyList<InputError> Refused(TaskLayout? layout, params string[] rows) => Assert.Throws<InvalidInputException>(() => Read(layout, rows)).Errors;
}
