using System.Text.Json;
using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Cli.Tests;

/// <summary>A real run in real processes, killed with SIGKILL at random moments and resumed, against one that nobody disturbed.</summary>
public class KillTests
{
    private const int LeastKills = 10;
    /// <summary>A killed process got at most this many files further.</summary>
    private const int MostFiles = 9;

    [Fact]
    public async Task A_run_killed_at_random_moments_ends_with_the_same_ledger_plans_trajectories_and_weights()
    {
        using var folder = new TestFolder();
        var spec = folder.Write("spec.json", SmallRun.Spec);
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

    /// <summary>Every blob of the store's only whole run by its name within the run, without what differs between any two runs: times, worker names and the run's id.</summary>
    private static async Task<SortedDictionary<string, string>> ReadAsync(string folder)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var store = new FolderRunStore(folder, TimeProvider.System);
        var blobs = new SortedDictionary<string, string>(StringComparer.Ordinal);
        await foreach (var name in store.ListAsync(BlobNames.RunsPrefix, cancellation))
        {
            var parts = name.Value.Split('/', 3);
            if (parts[2].StartsWith("report/", StringComparison.Ordinal) || !File.Exists(Path.Combine(folder, "runs", parts[1], "status.json"))) continue;
            await using var content = (await store.OpenReadAsync(name, cancellation))!;
            blobs.Add(parts[2], await CanonicalAsync(parts[2], content, cancellation));
        }

        return blobs;
    }

    private static async Task<string> CanonicalAsync(string name, Stream content, CancellationToken cancellation)
    {
        if (name.Contains("/rollouts/", StringComparison.Ordinal) && name.EndsWith(".parquet", StringComparison.Ordinal))
        {
            var trajectories = await new ParquetRecordFormat().ReadTrajectoriesAsync(content, cancellation);
            return JsonSerializer.Serialize(trajectories.Select(trajectory => trajectory with { Worker = "", GenerationSeconds = 0 }));
        }

        using var buffer = new MemoryStream();
        await content.CopyToAsync(buffer, cancellation);
        return Path.GetFileName(name) switch
        {
            "status.json" => Without(buffer, ContractsJson.Default.RunStatus, status => status with { Id = default, CreatedAt = default, UpdatedAt = default, Totals = status.Totals with { GpuSeconds = 0 } }),
            "summary.json" => Without(buffer, ContractsJson.Default.StepSummary, summary => summary with { GenerationSeconds = 0 }),
            "learning.json" => Without(buffer, ContractsJson.Default.LearningSummary, learning => learning with { Seconds = 0 }),
            _ => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(buffer.ToArray())),
        };
    }

    private static string Without<T>(MemoryStream json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, Func<T, T> change) =>
        JsonSerializer.Serialize(change(JsonSerializer.Deserialize(json.ToArray(), type)!), type);
}
