using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Tasks;

/// <summary>
/// A JSONL task file: one object a line with <c>prompt</c> and <c>gold</c>, and optionally <c>id</c> (default: the line
/// number) and <c>family</c>. This is also the form in which a run keeps its tasks.
/// </summary>
public static class TaskFile
{
    /// <param name="place">File name for error messages.</param>
    /// <exception cref="InvalidInputException">Every error with its line.</exception>
    public static IReadOnlyList<TrainingTask> Parse(string place, string text) =>
        new TaskTable(place, null).Read(JsonRows.OfLines(place, text.Split('\n'))).Tasks;
}
