using System.Text.Json;

namespace KnapsackCloud.Cli.Tests;

public class BenchLearnTests
{
    /// <summary>The command itself compares the losses of the two, and fails where they differ.</summary>
    [Fact]
    public async Task A_step_is_measured_beside_a_padded_loop_and_the_bound_in_one_JSON_document()
    {
        var result = await Knapsack.RunAsync("bench", "learn", "--model", "1M", "--shape", "5/10,3/1", "--group", "4", "--tokens", "100", "--repeats", "1", "--json");
        Assert.True(result.ExitCode == 0, result.Errors);
        var cases = JsonDocument.Parse(result.Output).RootElement.GetProperty("cases").EnumerateArray().ToList();
        Assert.Equal([(5, 10, "equal"), (5, 10, "spread"), (3, 1, "equal"), (3, 1, "spread")], cases.Select(one => (one.GetProperty("promptTokens").GetInt32(), one.GetProperty("answerTokens").GetInt32(), one.GetProperty("lengths").GetString()!)));
        // Two groups of a prompt of 5 and four rows that read 9 tokens each; a third would be above 100 tokens.
        Assert.Equal((2, 82, 112), (cases[0].GetProperty("groups").GetInt32(), cases[0].GetProperty("packedTokens").GetInt32(), cases[0].GetProperty("rowTokens").GetInt32()));
        Assert.All(cases, one => Assert.All(["tokensPerSecond", "paddedTokensPerSecond", "timesPadded", "peakGB", "gflops"], member => Assert.True(one.GetProperty(member).GetDouble() > 0, member)));
        Assert.All(cases, one => Assert.InRange(one.GetProperty("percentOfBound").GetDouble(), 0, 1000));
    }

    [Fact]
    public async Task The_padded_loop_can_be_left_out()
    {
        var result = await Knapsack.RunAsync("bench", "learn", "--model", "1M", "--shape", "3/4", "--group", "2", "--tokens", "20", "--lengths", "equal", "--repeats", "1", "--no-padded", "--json");
        Assert.True(result.ExitCode == 0, result.Errors);
        var one = Assert.Single(JsonDocument.Parse(result.Output).RootElement.GetProperty("cases").EnumerateArray());
        Assert.Equal(JsonValueKind.Null, one.GetProperty("paddedTokensPerSecond").ValueKind);
    }

    [Fact]
    public async Task Everything_wrong_with_a_measurement_is_listed()
    {
        var result = await Knapsack.RunAsync("bench", "learn", "--model", "7B", "--shape", "64x64", "--group", "1", "--tokens", "0", "--lengths", "long");
        Assert.Equal(2, result.ExitCode);
        Assert.All(["7B", "64x64", "'1'", "--tokens", "long"], part => Assert.Contains(part, result.Errors, StringComparison.Ordinal));
    }
}
