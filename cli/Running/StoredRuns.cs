using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Cli.Running;

/// <summary>The runs of a store.</summary>
internal static class StoredRuns
{
    public const string Latest = "latest";

    /// <param name="name">A run id, or <c>latest</c> for the run whose status changed last.</param>
    /// <exception cref="InvalidInputException">There is no such run; names those there are.</exception>
    public static async Task<RunStatus> FindAsync(IRunStore store, string name, CancellationToken cancellation)
    {
        var runs = await ListAsync(store, cancellation).ConfigureAwait(false);
        var found = name == Latest ? runs.FirstOrDefault() : runs.FirstOrDefault(run => run.Id.Value == name);
        return found ?? throw new InvalidInputException("--resume", runs.Count == 0 ? "there is no run in this store; start one, or name its folder with --out" : $"there is no run '{name}'; the latest are {string.Join(", ", runs.Take(5).Select(run => run.Id))}");
    }

    /// <summary>The latest run of exactly this spec that is running or completed; null when there is none.</summary>
    public static async Task<RunStatus?> FindAsync(IRunStore store, RunSpec spec, CancellationToken cancellation)
    {
        foreach (var run in await ListAsync(store, cancellation).ConfigureAwait(false))
        {
            if (run.State is RunState.Running or RunState.Completed &&
                await store.ReadAsync(BlobNames.Spec(run.Id), cancellation).ConfigureAwait(false) is { } blob &&
                JsonSerializer.Deserialize(blob.Content.Span, ContractsJson.Default.RunSpec) == spec)
                return run;
        }

        return null;
    }

    /// <summary>Those that changed last come first.</summary>
    private static async Task<List<RunStatus>> ListAsync(IRunStore store, CancellationToken cancellation)
    {
        var runs = new List<RunStatus>();
        await foreach (var name in store.ListAsync(BlobNames.RunsPrefix, cancellation).ConfigureAwait(false))
        {
            if (RunId.TryParse(name.Value.Split('/')[1], out var run) && name == BlobNames.Status(run) &&
                await store.ReadAsync(name, cancellation).ConfigureAwait(false) is { } blob)
                runs.Add(JsonSerializer.Deserialize(blob.Content.Span, ContractsJson.Default.RunStatus)!);
        }

        return [.. runs.OrderByDescending(run => run.UpdatedAt)];
    }
}
