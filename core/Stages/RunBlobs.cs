using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Core.Stages;

/// <summary>The blobs of a run as contracts. Thread-safe.</summary>
public sealed class RunBlobs(IRunStore store, IRecordFormat records)
{
    /// <summary>In words of four bytes; about 8 MB: only what the step in work wrote is read again.</summary>
    private const long CachedWords = 1 << 21;
    private const int CachedPlans = 4;
    /// <summary>What a record weighs beside its tokens, in the same words.</summary>
    private const int RecordWeight = 64;
    private readonly ConcurrentDictionary<RunId, RunSpec> _specs = [];
    private readonly RecordCache _records = new(CachedWords);
    /// <summary>Apart from the records, which would push a plan out while its items are in work.</summary>
    private readonly RecordCache _plans = new(CachedPlans);

    public IRunStore Store => store;

    /// <summary>The spec never changes, so it is read once.</summary>
    /// <exception cref="InvalidDataException">There is none, or it cannot be read.</exception>
    public async Task<RunSpec> ReadSpecAsync(RunId run, CancellationToken cancellation)
    {
        if (_specs.TryGetValue(run, out var known)) return known;
        var spec = await RequireAsync(BlobNames.Spec(run), ContractsJson.Default.RunSpec, cancellation);
        return _specs.GetOrAdd(run, spec);
    }

    /// <summary>The step's rounds planned so far, as one plan; null when there is none.</summary>
    public async Task<StepPlan?> ReadPlanAsync(RunId run, int step, CancellationToken cancellation)
    {
        var rounds = new List<StepPlan>();
        while (rounds is not [.., { IsLast: true }] && await ReadRoundAsync(BlobNames.Plan(run, step, rounds.Count + 1), cancellation) is { } next) rounds.Add(next);
        return rounds.Count == 0 ? null : StepPlans.Merge(rounds);
    }

    /// <summary>Written once, and read for each of the step's work items.</summary>
    private async Task<StepPlan?> ReadRoundAsync(BlobName name, CancellationToken cancellation)
    {
        if (_plans.Find<StepPlan>(name) is [var known]) return known;
        var plan = await ReadAsync(name, ContractsJson.Default.StepPlan, cancellation);
        if (plan is not null) _plans.Add(name, [plan], _ => 1);
        return plan;
    }

    /// <exception cref="InvalidDataException">There is none, or it cannot be read.</exception>
    public async Task<StepPlan> RequirePlanAsync(RunId run, int step, CancellationToken cancellation) =>
        await ReadPlanAsync(run, step, cancellation) ?? throw Missing(BlobNames.Plan(run, step));

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
        CreateRecordsAsync(BlobNames.Rollouts(run, step, item), trajectories, records.WriteTrajectoriesAsync, Weigh, cancellation);

    /// <summary>Null when the item has no blob.</summary>
    public Task<IReadOnlyList<Trajectory>?> ReadTrajectoriesAsync(RunId run, int step, string item, CancellationToken cancellation) =>
        ReadRecordsAsync(BlobNames.Rollouts(run, step, item), records.ReadTrajectoriesAsync, Weigh, cancellation);

    /// <summary>What came of the item's rollouts, tokens left undecoded; null when the item has no blob.</summary>
    public async Task<IReadOnlyList<RolloutOutcome>?> ReadOutcomesAsync(RunId run, int step, string item, CancellationToken cancellation)
    {
        var name = BlobNames.Rollouts(run, step, item);
        return _records.Find<Trajectory>(name) is { } known ? [.. known.Select(trajectory => trajectory.ToOutcome())] : await DecodeAsync(name, records.ReadOutcomesAsync, cancellation);
    }

    public Task<bool> CreateLedgerAsync(RunId run, int step, IReadOnlyList<TaskRecord> ledger, CancellationToken cancellation) =>
        CreateRecordsAsync(BlobNames.Ledger(run, step), ledger, records.WriteLedgerAsync, Weigh, cancellation);

    /// <summary>The ledger after <paramref name="step"/>; empty for step 0.</summary>
    /// <exception cref="InvalidDataException">There is none, or it cannot be read.</exception>
    public async Task<IReadOnlyList<TaskRecord>> RequireLedgerAsync(RunId run, int step, CancellationToken cancellation)
    {
        if (step == 0) return [];
        return await ReadRecordsAsync(BlobNames.Ledger(run, step), records.ReadLedgerAsync, Weigh, cancellation)
            ?? throw Missing(BlobNames.Ledger(run, step));
    }

    private static long Weigh(Trajectory trajectory) => RecordWeight + trajectory.PromptIds.Length + (2L * trajectory.CompletionIds.Length);

    private static long Weigh(TaskRecord record) => RecordWeight;

    private async Task<bool> CreateRecordsAsync<T>(
        BlobName name, IReadOnlyList<T> rows, Func<IReadOnlyList<T>, Stream, CancellationToken, Task> write, Func<T, long> weigh, CancellationToken cancellation)
    {
        var created = await store.CreateAsync(name, (output, token) => write(rows, output, token), cancellation);
        if (created) _records.Add(name, rows, weigh);
        return created;
    }

    private async Task<IReadOnlyList<T>?> ReadRecordsAsync<T>(
        BlobName name, Func<Stream, CancellationToken, Task<IReadOnlyList<T>>> read, Func<T, long> weigh, CancellationToken cancellation)
    {
        if (_records.Find<T>(name) is { } known) return known;
        var rows = await DecodeAsync(name, read, cancellation);
        if (rows is not null) _records.Add(name, rows, weigh);
        return rows;
    }

    private async Task<IReadOnlyList<T>?> DecodeAsync<T>(BlobName name, Func<Stream, CancellationToken, Task<IReadOnlyList<T>>> read, CancellationToken cancellation)
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
