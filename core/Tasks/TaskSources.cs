using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Tasks;

/// <summary>The tasks that a spec names: procedural ones, or those of files.</summary>
public static class TaskSources
{
    /// <summary>As <c>evaluation.tasks</c>: those that the task source itself holds out.</summary>
    public const string HeldOut = "held-out";

    /// <param name="readFile">Reads the tasks of a file, given the member that names it, its name and its layout; throws <see cref="InvalidInputException"/> when it cannot.</param>
    /// <exception cref="InvalidInputException">Every error of both members.</exception>
    public static TaskSets Read(RunSpec spec, Func<string, string, TaskLayout?, TaskFileContent> readFile)
    {
        var errors = new List<InputError>();
        var sets = Collect(errors, new TaskSets([], []), () => ProceduralSource.Matches(spec.Tasks.Source)
            ? ProceduralSource.Parse(spec.Tasks.Source).Build(spec.Seed)
            : TrainingOnly(readFile("tasks.source", spec.Tasks.Source, spec.Tasks.Layout)));
        if (spec.Evaluation.Tasks != HeldOut)
        {
            var file = Collect(errors, new TaskFileContent([], []), () => readFile("evaluation.tasks", spec.Evaluation.Tasks, spec.Evaluation.Layout ?? spec.Tasks.Layout));
            sets = sets with { Evaluation = file.Tasks, Notes = [.. sets.Notes, .. file.Notes] };
            sets = Collect(errors, sets, () => TaskOverlap.Settle(spec.Evaluation.Overlap, sets));
        }
        if (errors.Count == 0) errors.AddRange(Misfits(spec, sets));
        return errors.Count == 0 ? sets : throw new InvalidInputException(errors);
    }

    private static TaskSets TrainingOnly(TaskFileContent file) => new(file.Tasks, []) { Notes = file.Notes };

    private static IEnumerable<InputError> Misfits(RunSpec spec, TaskSets sets)
    {
        if (spec.Tasks.PerStep > sets.Training.Count)
            yield return new InputError("tasks.perStep", $"is {spec.Tasks.PerStep}, but tasks.source has {sets.Training.Count} tasks");
        if (spec.Evaluation.Every > 0 && sets.Evaluation.Count == 0)
            yield return new InputError("evaluation.tasks", "tasks.source is a file and has no held-out tasks: name a task file, or set evaluation.every to 0");
        if (!spec.Model.Source.StartsWith(WarmupAlphabet.Source, StringComparison.Ordinal)) yield break;
        foreach (var (member, tasks) in new[] { ("tasks.source", sets.Training), ("evaluation.tasks", sets.Evaluation) })
            if (WarmupAlphabet.Problem(member, tasks) is { } problem) yield return new InputError("model.source", problem);
    }

    private static T Collect<T>(List<InputError> errors, T byDefault, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidInputException error)
        {
            errors.AddRange(error.Errors);
            return byDefault;
        }
    }
}
