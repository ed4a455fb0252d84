using System.Text.Json;

namespace KnapsackCloud.Cli.Tests;

public class BenchVerifyTests
{
    [Fact]
    public async Task Verifiers_are_timed_and_meet_hostile_texts()
    {
        using var folder = new TestFolder();
        var answers = folder.Write("answers.jsonl", """{"prediction":"So it is \\boxed{7}.","gold":"7"}""" + "\n" + """{"prediction":"#### 1,000","gold":"1000"}""" + "\n");
        var result = await Knapsack.RunAsync("bench", "verify", answers, "--seconds", "0.1", "--random", "500", "--mutated", "300", "--json");
        Assert.True(result.ExitCode == 0, result.Errors);
        var document = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal(2, document.GetProperty("answers").GetInt32());
        Assert.Equal(["maths", "numeric"], document.GetProperty("cases").EnumerateArray().Select(one => one.GetProperty("verifier").GetString()));
        Assert.All(document.GetProperty("cases").EnumerateArray(), one => Assert.True(one.GetProperty("answersPerSecond").GetDouble() > 0));
        Assert.Equal([("random", 500, 0), ("mutated", 300, 0)], document.GetProperty("hostile").EnumerateArray()
            .Select(one => (one.GetProperty("texts").GetString(), one.GetProperty("count").GetInt32(), one.GetProperty("exceptions").GetInt32())));

        var refused = await Knapsack.RunAsync("bench", "verify", answers, "--seconds", "0", "--random", "-1");
        Assert.Equal(2, refused.ExitCode);
        Assert.All(["--seconds", "--random"], name => Assert.Contains(name, refused.Errors, StringComparison.Ordinal));
    }
}
