using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Cli.Tests;

/// <summary>A real run in real processes, killed with SIGKILL at random moments and resumed, against one that nobody disturbed.</summary>
public class KillTests
{
    private const int LeastKills = 10;
    /// <summary>A killed process got at most this many files further.</summary>
    private const int MostFiles = 9;

    [Theory]
    [InlineData("\"minibatchRows\": 16")]
    [InlineData("\"accumulateSteps\": 3")]
    public async Task A_run_killed_at_random_moments_ends_with_the_same_ledger_plans_trajectories_and_weights(string learning)
    {
        using var folder = new TestFolder();
        var spec = folder.Write("spec.json", SmallRun.Spec.Replace("\"minibatchRows\": 16", learning, StringComparison.Ordinal));
        var undisturbed = await Knapsack.RunAsync("run", spec, "--out", folder.At("undisturbed"), "--json");
        Assert.Equal(0, undisturbed.ExitCode);

        var kills = await KillUntilDoneAsync(spec, folder.At("killed"));
        Assert.True(kills >= LeastKills, $"only {kills} kills");

        var expected = await ReadAsync(folder.At("undisturbed"));
        var found = await ReadAsync(folder.At("killed"));
        Assert.Equal(expected.Keys, found.Keys);
        Assert.All(expected, blob => Assert.Equal(blob.Value, found[blob.Key]));
        Assert.Contains(expected.Keys, name => name.EndsWith("000004/training_state.safetensors", StringComparison.Ordinal));
    }

    private static async Task<int> KillUntilDoneAsync(string spec, string store)
    {
        var random = new CounterRandom(20261123);
        for (var kills = 0; ; kills++)
        {
            var started = Directory.Exists(Path.Combine(store, "runs")) && Directory.EnumerateFiles(Path.Combine(store, "runs"), "status.json", SearchOption.AllDirectories).Any();
            string[] arguments = started ? ["run", "--resume", "latest"] : ["run", spec];
            using var knapsack = Knapsack.Start([.. arguments, "--out", store, "--json"]);
            if (!await KillAfterAsync(knapsack, store, 1 + (int)random.Next(MostFiles)))
            {
                var result = await knapsack.FinishAsync();
                Assert.True(result.ExitCode == 0, result.Errors);
                return kills;
            }
        }
    }

    /// <summary>Kills the process once so many files appeared below the folder; false when it ended before that.</summary>
    private static async Task<bool> KillAfterAsync(Knapsack knapsack, string store, int files)
    {
        Directory.CreateDirectory(store);
        using var watcher = new FileSystemWatcher(store) { IncludeSubdirectories = true };
        var seen = 0;
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        watcher.Created += (_, _) =>
        {
            if (Interlocked.Increment(ref seen) == 3 * files) enough.TrySetResult();
        };
        watcher.EnableRaisingEvents = true;
        var ended = knapsack.FinishAsync();
        if (await Task.WhenAny(enough.Task, ended) == ended) return false;
        knapsack.Kill();
        await ended;
        return true;
    }

    private static async Task<SortedDictionary<string, string>> ReadAsync(string folder)
    {
        using var store = new FolderRunStore(folder, TimeProvider.System);
        return await RunContents.ReadAsync(store);
    }
}
