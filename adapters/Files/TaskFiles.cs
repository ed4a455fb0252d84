using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Tasks;

namespace KnapsackCloud.Adapters.Files;

/// <summary>Task files of every format, told apart by their name: .jsonl, .json, .csv, .tsv, .parquet.</summary>
public static class TaskFiles
{
    /// <param name="place">Its name for messages.</param>
    /// <param name="layout">Null: columns prompt, gold, id and family.</param>
    /// <exception cref="InvalidInputException">Every error with its line or row.</exception>
    public static TaskFileContent Read(string place, string path, TaskLayout? layout) =>
        new TaskTable(place, layout).Read(Rows(place, path));

    private static IEnumerable<TaskRow> Rows(string place, string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".jsonl" or ".ndjson" => JsonRows.OfLines(place, File.ReadLines(path)),
        ".json" => JsonRows.OfDocument(place, File.ReadAllText(path)),
        ".csv" => CsvRows.Of(place, path, ','),
        ".tsv" => CsvRows.Of(place, path, '\t'),
        ".parquet" => ParquetRows.Of(place, path),
        _ => throw new InvalidInputException(place, "is no task file: its name must end in .jsonl, .json, .csv, .tsv or .parquet"),
    };
}
