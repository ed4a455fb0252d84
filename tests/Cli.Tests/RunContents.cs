using System.Text.Json;
using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Cli.Tests;

/// <summary>What two runs of one spec must have in common, however they were made.</summary>
internal static class RunContents
{
    /// <summary>Every blob of the store's only whole run by its name within the run, without what differs between any two runs: times, worker names and the run's id.</summary>
    public static async Task<SortedDictionary<string, string>> ReadAsync(IRunStore store)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var blobs = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var names = new List<BlobName>();
        await foreach (var name in store.ListAsync(BlobNames.RunsPrefix, cancellation)) names.Add(name);
        var whole = names.Select(name => name.Value.Split('/', 3)).Where(parts => parts[2] == "status.json").Select(parts => parts[1]).ToHashSet();
        foreach (var name in names)
        {
            var parts = name.Value.Split('/', 3);
            if (parts[2].StartsWith("report/", StringComparison.Ordinal) || !whole.Contains(parts[1])) continue;
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
