using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Cli.Running;

/// <summary>The runs of a store.</summary>
internal static class StoredRuns
{
    public const string Latest = "latest";

    /// <summary>Looking at a store must not make one.</summary>
    /// <exception cref="InvalidInputException">There is no such folder.</exception>
    public static FolderRunStore Open(string folder) =>
        Directory.Exists(folder)
            ? new FolderRunStore(folder, TimeProvider.System)
            : throw new InvalidInputException("--out", $"there is no folder '{folder}': name the folder that the runs were started with");

    /// <param name="place">What the user called it by, for the error.</param>
    /// <param name="name">A run id, or <c>latest</c> for the run whose status changed last.</param>
    /// <exception cref="InvalidInputException">There is no such run; names those there are.</exception>
    public static async Task<RunStatus> FindAsync(IRunStore store, string place, string name, CancellationToken cancellation)
    {
        var runs = await ListAsync(store, cancellation).ConfigureAwait(false);
        var found = name == Latest ? (runs.Count > 0 ? runs[0] : null) : runs.FirstOrDefault(run => run.Id.Value == name);
        return found ?? throw new InvalidInputException(place, runs.Count == 0 ? "there is no run in this store; start one, or name its folder with --out" : $"there is no run '{name}'; the latest are {string.Join(", ", runs.Take(5).Select(run => run.Id))}");
    }

    /// <summary>The latest run of exactly this spec that is running or completed; null when there is none.</summary>
    public static async Task<RunStatus?> FindAsync(IRunStore store, RunSpec spec, CancellationToken cancellation)
    {
        foreach (var run in await ListAsync(store, cancellation).ConfigureAwait(false))
        {
            if (run.State is RunState.Running or RunState.Completed &&
                await ReadAsync(store, BlobNames.Spec(run.Id), ContractsJson.Default.RunSpec, cancellation).ConfigureAwait(false) == spec)
                return run;
        }

        return null;
    }

    /// <summary>Those that changed last come first; one whose status is damaged is named on stderr.</summary>
    public static async Task<IReadOnlyList<RunStatus>> ListAsync(IRunStore store, CancellationToken cancellation)
    {
        var catalog = new RunCatalog(store, new RunStatusStore(store, TimeProvider.System, new NoObserver()));
        var (runs, unreadable) = await catalog.ReadPageAsync(null, int.MaxValue, cancellation).ConfigureAwait(false);
        foreach (var error in unreadable) await Console.Error.WriteLineAsync(error.Message).ConfigureAwait(false);
        return [.. runs.OrderByDescending(run => run.UpdatedAt)];
    }

    /// <summary>A small JSON blob, or null when there is none.</summary>
    public static async Task<T?> ReadAsync<T>(IRunStore store, BlobName name, JsonTypeInfo<T> type, CancellationToken cancellation) where T : class =>
        await store.ReadAsync(name, cancellation).ConfigureAwait(false) is { } blob ? JsonSerializer.Deserialize(blob.Content.Span, type) : null;

    private sealed class NoObserver : IRunObserver;
}
