using System.Globalization;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Json;

namespace KnapsackCloud.Core.Tasks;

/// <summary>
/// A JSONL task file: one object a line with <c>prompt</c> and <c>gold</c>, and optionally <c>id</c> (default: the line
/// number) and <c>family</c>. This is also the form in which a run keeps its tasks.
/// </summary>
public static class TaskFile
{
    /// <param name="place">File name for error messages.</param>
    /// <exception cref="InvalidInputException">Every error with its line.</exception>
    public static IReadOnlyList<TrainingTask> Parse(string place, string text)
    {
        var errors = new List<InputError>();
        var tasks = new List<TrainingTask>();
        var lineOf = new Dictionary<TaskId, int>();
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i])) continue;
            if (ParseLine(place, lines[i], i + 1, errors) is not { } task) continue;
            if (lineOf.TryAdd(task.Id, i + 1)) tasks.Add(task);
            else errors.Add(new InputError($"{place}:{i + 1} id", $"'{task.Id}' is already on line {lineOf[task.Id]}; ids must differ"));
        }

        if (tasks.Count == 0 && errors.Count == 0) errors.Add(new InputError(place, "has no tasks; give one JSON object a line with prompt and gold"));
        return errors.Count == 0 ? tasks : throw new InvalidInputException(errors);
    }

    private static TrainingTask? ParseLine(string place, string line, int number, List<InputError> errors)
    {
        var before = errors.Count;
        try
        {
            var reader = new ObjectReader(place, LocatedJson.Parse(place, line, number), errors);
            var id = reader.Text("id", number.ToString("D6", CultureInfo.InvariantCulture), text =>
                TaskId.TryParse(text, out _) ? null : $"'{text}' is not a task id: use 1 to {TaskId.MaxLength} of A-Z, a-z, 0-9, '.', '_' and '-', starting with a letter or digit");
            var task = (Family: reader.Text("family", ""), Prompt: Required(reader, "prompt"), Gold: Required(reader, "gold"));
            reader.RefuseUnknown();
            return errors.Count == before ? new TrainingTask(TaskId.Parse(id), task.Family, task.Prompt, task.Gold) : null;
        }
        catch (InvalidInputException e)
        {
            errors.AddRange(e.Errors);
            return null;
        }
    }

    private static string Required(ObjectReader reader, string name)
    {
        if (!reader.Has(name)) reader.Refuse(name, "is missing");
        return reader.Text(name, "", text => text.Length == 0 ? "must not be empty" : null);
    }
}
