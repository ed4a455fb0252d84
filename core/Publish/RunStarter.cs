using System.Globalization;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Publish;

/// <summary>Makes a run: its spec, a snapshot of its tasks and, last, the status that makes it visible.</summary>
public sealed class RunStarter(RunBlobs blobs, RunStatusStore statuses, IMessageSender outbox, TimeProvider time)
{
    /// <param name="spec">Already validated.</param>
    /// <param name="evaluation">May be empty when the spec never evaluates.</param>
    /// <exception cref="InvalidInputException">Tasks are missing or share an id.</exception>
    public async Task<RunId> StartAsync(
        RunSpec spec, IReadOnlyList<TrainingTask> training, IReadOnlyList<TrainingTask> evaluation, CancellationToken cancellation)
    {
        Check(spec, training, evaluation);
        var run = await ClaimIdAsync(spec, cancellation);
        await RunTasks.WriteAsync(blobs.Store, BlobNames.TrainingTasks(run), training, cancellation);
        await RunTasks.WriteAsync(blobs.Store, BlobNames.EvaluationTasks(run), evaluation, cancellation);
        await statuses.CreateAsync(NewStatus(run, spec), cancellation);
        await outbox.SendAsync(new LearnRequested(run, 0), cancellation);
        return run;
    }

    /// <summary>The spec blob is written once, so that of two starts in one second each gets its own id.</summary>
    private async Task<RunId> ClaimIdAsync(RunSpec spec, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        for (var number = 1; ; number++)
        {
            var run = NewId(spec.Name, now, number);
            if (await blobs.CreateAsync(BlobNames.Spec(run), spec, ContractsJson.Default.RunSpec, cancellation)) return run;
        }
    }

    /// <summary><c>{name}-{yyyyMMdd-HHmmss}</c>, then <c>-2</c> and so on; the name is fitted to the rules of run ids.</summary>
    private static RunId NewId(string name, DateTimeOffset now, int number)
    {
        var suffix = string.Create(CultureInfo.InvariantCulture, $"-{now.UtcDateTime:yyyyMMdd-HHmmss}{(number == 1 ? "" : $"-{number}")}");
        var letters = name.ToLowerInvariant().Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) ? c : '-').ToArray();
        var fitted = new string(letters).Trim('-');
        if (fitted.Length == 0) fitted = "run";
        return RunId.Parse(fitted[..Math.Min(fitted.Length, RunId.MaxLength - suffix.Length)] + suffix);
    }

    private RunStatus NewStatus(RunId run, RunSpec spec) => new()
    {
        Id = run,
        Name = spec.Name,
        State = RunState.Running,
        Phase = RunPhase.Prepare,
        Step = 0,
        Steps = spec.Steps,
        CreatedAt = time.GetUtcNow(),
        UpdatedAt = time.GetUtcNow(),
    };

    private static void Check(RunSpec spec, IReadOnlyList<TrainingTask> training, IReadOnlyList<TrainingTask> evaluation)
    {
        var errors = new List<InputError>();
        if (training.Count == 0) errors.Add(new InputError("tasks.source", "there are no tasks: give a source with at least one"));
        if (evaluation.Count == 0 && spec.Evaluation.Every > 0)
            errors.Add(new InputError("evaluation.tasks", "there are no tasks to evaluate on: give some, or set evaluation.every to 0"));
        errors.AddRange(Duplicates("tasks.source", training).Concat(Duplicates("evaluation.tasks", evaluation)));
        if (errors.Count > 0) throw new InvalidInputException(errors);
    }

    private static IEnumerable<InputError> Duplicates(string place, IReadOnlyList<TrainingTask> tasks) =>
        tasks.CountBy(task => task.Id).Where(pair => pair.Value > 1)
            .Select(pair => new InputError(place, $"{pair.Value} tasks have the id {pair.Key}: ids must be unique"));
}
