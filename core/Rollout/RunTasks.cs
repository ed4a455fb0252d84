using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Core.Rollout;

/// <summary>Tasks of one kind of a run, in the order of their file.</summary>
public sealed class TaskSet(IReadOnlyList<TrainingTask> tasks)
{
    private readonly Dictionary<TaskId, TrainingTask> _byId = tasks.ToDictionary(task => task.Id);

    public IReadOnlyList<TrainingTask> Tasks => tasks;

    /// <exception cref="InvalidDataException">The run has no such task.</exception>
    public TrainingTask this[TaskId id] =>
        _byId.TryGetValue(id, out var task) ? task : throw new InvalidDataException($"task {id} is in the plan but not among the run's tasks");
}

/// <summary>The tasks a run was started with: a snapshot in the store, one JSON object a line, which never changes and is read once. Thread-safe.</summary>
public sealed class RunTasks(IRunStore store)
{
    private readonly ConcurrentDictionary<BlobName, TaskSet> _sets = [];

    public Task<TaskSet> ReadTrainingAsync(RunId run, CancellationToken cancellation) =>
        ReadAsync(BlobNames.TrainingTasks(run), cancellation);

    public Task<TaskSet> ReadEvaluationAsync(RunId run, CancellationToken cancellation) =>
        ReadAsync(BlobNames.EvaluationTasks(run), cancellation);

    public Task<TaskSet> ReadAsync(RunId run, WorkPurpose purpose, CancellationToken cancellation) =>
        purpose == WorkPurpose.Training ? ReadTrainingAsync(run, cancellation) : ReadEvaluationAsync(run, cancellation);

    /// <summary>Writes a snapshot; no effect when it is already there.</summary>
    public static Task WriteAsync(IRunStore store, BlobName name, IEnumerable<TrainingTask> tasks, CancellationToken cancellation) =>
        store.CreateAsync(name, async (output, token) =>
        {
            foreach (var task in tasks)
            {
                await output.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(task, ContractsJson.Default.TrainingTask), token);
                await output.WriteAsync("\n"u8.ToArray(), token);
            }
        }, cancellation);

    private async Task<TaskSet> ReadAsync(BlobName name, CancellationToken cancellation)
    {
        if (_sets.TryGetValue(name, out var known)) return known;
        await using var input = await store.OpenReadAsync(name, cancellation)
            ?? throw new InvalidDataException($"blob {name} is missing: the run's folder is incomplete; restore it or start a new run");
        var tasks = new List<TrainingTask>();
        using var lines = new StreamReader(input, Encoding.UTF8);
        while (await lines.ReadLineAsync(cancellation) is { } line) tasks.Add(Parse(name, tasks.Count + 1, line));
        return _sets.GetOrAdd(name, new TaskSet(tasks));
    }

    private static TrainingTask Parse(BlobName name, int number, string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, ContractsJson.Default.TrainingTask) ?? throw new InvalidDataException($"{name}:{number} is empty");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{name}:{number} is no task: {error.Message}", error);
        }
    }
}
