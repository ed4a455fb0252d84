using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Core.Stages;

/// <summary>The blobs of a run as contracts. Thread-safe.</summary>
public sealed class RunBlobs(IRunStore store, IRecordFormat records)
{
    private readonly ConcurrentDictionary<RunId, RunSpec> _specs = [];

    public IRunStore Store => store;

    /// <summary>The spec never changes, so it is read once.</summary>
    /// <exception cref="InvalidDataException">There is none, or it cannot be read.</exception>
    public async Task<RunSpec> ReadSpecAsync(RunId run, CancellationToken cancellation)
    {
        if (_specs.TryGetValue(run, out var known)) return known;
        var spec = await RequireAsync(BlobNames.Spec(run), ContractsJson.Default.RunSpec, cancellation);
        return _specs.GetOrAdd(run, spec);
    }

    public Task<StepPlan?> ReadPlanAsync(RunId run, int step, CancellationToken cancellation) =>
        ReadAsync(BlobNames.Plan(run, step), ContractsJson.Default.StepPlan, cancellation);

    /// <exception cref="InvalidDataException">There is none, or it cannot be read.</exception>
    public Task<StepPlan> RequirePlanAsync(RunId run, int step, CancellationToken cancellation) =>
        RequireAsync(BlobNames.Plan(run, step), ContractsJson.Default.StepPlan, cancellation);

    public Task<StepSummary?> ReadSummaryAsync(RunId run, int step, CancellationToken cancellation) =>
        ReadAsync(BlobNames.Summary(run, step), ContractsJson.Default.StepSummary, cancellation);

    public Task<LearningSummary?> ReadLearningAsync(RunId run, int step, CancellationToken cancellation) =>
        ReadAsync(BlobNames.Learning(run, step), ContractsJson.Default.LearningSummary, cancellation);

    /// <summary>Null when there is no such blob.</summary>
    /// <exception cref="InvalidDataException">It cannot be read as a <typeparamref name="T"/>.</exception>
    public async Task<T?> ReadAsync<T>(BlobName name, JsonTypeInfo<T> type, CancellationToken cancellation) where T : class
    {
        if (await store.ReadAsync(name, cancellation) is not { } blob) return null;
        return Parse(name, blob.Content.Span, type);
    }

    /// <summary>False when the blob was already there.</summary>
    public Task<bool> CreateAsync<T>(BlobName name, T value, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        store.CreateAsync(name, (output, token) => output.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(value, type), token).AsTask(), cancellation);

    public Task<bool> CreateTrajectoriesAsync(RunId run, int step, string item, IReadOnlyList<Trajectory> trajectories, CancellationToken cancellation) =>
        store.CreateAsync(BlobNames.Rollouts(run, step, item), (output, token) => records.WriteTrajectoriesAsync(trajectories, output, token), cancellation);

    /// <summary>Null when the item has no blob.</summary>
    public Task<IReadOnlyList<Trajectory>?> ReadTrajectoriesAsync(RunId run, int step, string item, CancellationToken cancellation) =>
        ReadRecordsAsync(BlobNames.Rollouts(run, step, item), records.ReadTrajectoriesAsync, cancellation);

    public Task<bool> CreateLedgerAsync(RunId run, int step, IReadOnlyList<TaskRecord> ledger, CancellationToken cancellation) =>
        store.CreateAsync(BlobNames.Ledger(run, step), (output, token) => records.WriteLedgerAsync(ledger, output, token), cancellation);

    /// <summary>The ledger after <paramref name="step"/>; empty for step 0.</summary>
    /// <exception cref="InvalidDataException">There is none, or it cannot be read.</exception>
    public async Task<IReadOnlyList<TaskRecord>> RequireLedgerAsync(RunId run, int step, CancellationToken cancellation)
    {
        if (step == 0) return [];
        return await ReadRecordsAsync(BlobNames.Ledger(run, step), records.ReadLedgerAsync, cancellation)
            ?? throw Missing(BlobNames.Ledger(run, step));
    }

    private async Task<IReadOnlyList<T>?> ReadRecordsAsync<T>(
        BlobName name, Func<Stream, CancellationToken, Task<IReadOnlyList<T>>> read, CancellationToken cancellation)
    {
        await using var input = await store.OpenReadAsync(name, cancellation);
        if (input is null) return null;
        try
        {
            return await read(input, cancellation);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"blob {name}: {error.Message}", error);
        }
    }

    private async Task<T> RequireAsync<T>(BlobName name, JsonTypeInfo<T> type, CancellationToken cancellation) where T : class =>
        await ReadAsync(name, type, cancellation) ?? throw Missing(name);

    private static InvalidDataException Missing(BlobName name) =>
        new($"blob {name} is missing: the run's folder is incomplete; restore it or start a new run");

    private static T Parse<T>(BlobName name, ReadOnlySpan<byte> content, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(content, type) ?? throw new InvalidDataException($"blob {name} is empty");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"blob {name} cannot be read: {error.Message}", error);
        }
    }
}
