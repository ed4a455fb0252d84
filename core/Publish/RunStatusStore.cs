using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Publish;

/// <summary>Reads and moves the status of runs: every change is one compare-and-swap, tried again when another writer was first.</summary>
public sealed class RunStatusStore(IRunStore store, TimeProvider time, IRunObserver observer)
{
    /// <summary>Null when there is no such run.</summary>
    /// <exception cref="InvalidDataException">The status cannot be read.</exception>
    public async Task<RunStatus?> ReadAsync(RunId run, CancellationToken cancellation) =>
        (await ReadVersionedAsync(run, cancellation))?.Status;

    /// <summary>False when the run already has a status.</summary>
    public async Task<bool> CreateAsync(RunStatus status, CancellationToken cancellation)
    {
        var created = await store.ReplaceAsync(BlobNames.Status(status.Id), Encode(status), null, cancellation) is not null;
        if (created) observer.StatusChanged(status);
        return created;
    }

    /// <summary>Moves the status by a pure change. Returns what the status is afterwards and whether this call moved it; a change of null leaves it.</summary>
    /// <exception cref="InvalidDataException">There is no such run, or its status cannot be read.</exception>
    public async Task<(RunStatus Status, bool Moved)> UpdateAsync(RunId run, Func<RunStatus, RunStatus?> change, CancellationToken cancellation)
    {
        while (true)
        {
            var (current, tag) = await ReadVersionedAsync(run, cancellation) ?? throw new InvalidDataException($"there is no run {run}");
            if (change(current) is not { } wanted) return (current, false);
            var next = wanted with { UpdatedAt = time.GetUtcNow() };
            if (await store.ReplaceAsync(BlobNames.Status(run), Encode(next), tag, cancellation) is null) continue;
            observer.StatusChanged(next);
            return (next, true);
        }
    }

    /// <summary>Ends the run as failed, when it is in a state that can fail. It can be resumed.</summary>
    public Task FailAsync(RunId run, string reason, CancellationToken cancellation) =>
        UpdateAsync(run, status => RunStates.Fail(status, reason), cancellation);

    private async Task<(RunStatus Status, string Tag)?> ReadVersionedAsync(RunId run, CancellationToken cancellation)
    {
        if (await store.ReadAsync(BlobNames.Status(run), cancellation) is not { } blob) return null;
        try
        {
            var status = JsonSerializer.Deserialize(blob.Content.Span, ContractsJson.Default.RunStatus);
            return (status ?? throw new InvalidDataException($"blob {BlobNames.Status(run)} is empty"), blob.ETag);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"blob {BlobNames.Status(run)} cannot be read: {error.Message}", error);
        }
    }

    private static ReadOnlyMemory<byte> Encode(RunStatus status) =>
        JsonSerializer.SerializeToUtf8Bytes(status, ContractsJson.Default.RunStatus);
}
