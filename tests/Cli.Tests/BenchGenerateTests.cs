using System.Text.Json;

namespace KnapsackCloud.Cli.Tests;

public class BenchGenerateTests
{
    [Fact]
    public async Task Generation_is_measured_beside_its_peers_and_bounds_in_one_JSON_document()
    {
        var result = await Knapsack.RunAsync("bench", "generate", "--model", "1M", "--batch", "1,3", "--prompt-tokens", "5", "--new-tokens", "10", "--repeats", "1", "--json");
        Assert.True(result.ExitCode == 0, result.Errors);
        var document = JsonDocument.Parse(result.Output).RootElement;
        var cases = document.GetProperty("cases").EnumerateArray().ToList();
        Assert.Equal([(1, "equal", 1), (1, "spread", 4), (3, "equal", 3), (3, "spread", 12)], cases.Select(one => (one.GetProperty("batch").GetInt32(), one.GetProperty("lengths").GetString()!, one.GetProperty("rollouts").GetInt32())));
        Assert.All(cases.Prepend(document), one =>
        {
            Assert.Equal(("1M", 5, 10), (one.GetProperty("model").GetString(), one.GetProperty("promptTokens").GetInt32(), one.GetProperty("newTokens").GetInt32()));
            Assert.All(["tokensPerSecond", "naiveTokensPerSecond"], member => Assert.True(one.GetProperty(member).GetDouble() > 0, member));
            // Rounded to 0 beside a busy neighbour.
            Assert.InRange(one.GetProperty("percentOfBandwidthBound").GetDouble(), 0, 1000);
        });
    }

    [Fact]
    public async Task Everything_wrong_with_a_measurement_is_listed()
    {
        var result = await Knapsack.RunAsync("bench", "generate", "--model", "2M", "--batch", "64,x", "--new-tokens", "0", "--lengths", "long");
        Assert.Equal(2, result.ExitCode);
        Assert.All(["2M", "64,x", "--new-tokens", "long"], part => Assert.Contains(part, result.Errors, StringComparison.Ordinal));
    }
}
