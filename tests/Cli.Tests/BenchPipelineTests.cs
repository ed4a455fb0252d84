using System.Text.Json;

namespace KnapsackCloud.Cli.Tests;

public class BenchPipelineTests
{
    [Fact]
    public async Task A_simulated_step_spends_the_budget_and_more_workers_end_sooner()
    {
        var few = await SimulateAsync(workers: 10);
        var many = await SimulateAsync(workers: 40);
        foreach (var (step, workers) in ((JsonElement, int)[])[(few, 10), (many, 40)])
        {
            Assert.Equal(8 * 500, step.GetProperty("rollouts").GetInt32());
            Assert.InRange(step.GetProperty("items").GetInt32(), workers, 4_000);
            Assert.InRange(step.GetProperty("idleShare").GetDouble(), 0, 0.5);
            // No faster than all workers at full speed.
            Assert.True(step.GetProperty("rollout").GetDouble() >= step.GetProperty("tokens").GetDouble() / (workers * 2_000));
            Assert.True(step.GetProperty("usdIdle").GetDouble() < step.GetProperty("usd").GetDouble());
        }

        Assert.Equal(few.GetProperty("tokens").GetDouble(), many.GetProperty("tokens").GetDouble(), 0.05 * few.GetProperty("tokens").GetDouble());
        Assert.True(many.GetProperty("rollout").GetDouble() < few.GetProperty("rollout").GetDouble() / 2);
    }

    [Fact]
    public async Task Wrong_options_are_refused_all_at_once()
    {
        var refused = await Knapsack.RunAsync("bench", "pipeline", "--workers", "1,x", "--steps", "1", "--gpu", "abacus");
        Assert.Equal(2, refused.ExitCode);
        Assert.All(["--workers", "--steps", "--gpu"], option => Assert.Contains(option, refused.Errors, StringComparison.Ordinal));
    }

    private static async Task<JsonElement> SimulateAsync(int workers)
    {
        var result = await Knapsack.RunAsync("bench", "pipeline", "--simulate", $"{workers}", "--tasks", "500", "--tokens", "64", "--item-tokens", "1024", "--json");
        Assert.True(result.ExitCode == 0, result.Errors);
        return JsonDocument.Parse(result.Output).RootElement;
    }
}
