using System.Collections;
using System.Globalization;
using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Json;
using KnapsackCloud.Core.Tasks;
using Parquet;
using Parquet.Serialization;

namespace KnapsackCloud.Adapters.Files;

/// <summary>The rows of a Parquet file, nested columns included, one row group in memory at a time.</summary>
internal static class ParquetRows
{
    public static IEnumerable<TaskRow> Of(string place, string path)
    {
        var number = 0;
        using var file = File.OpenRead(path);
        for (var group = 0; group < Groups(place, file); group++)
        {
            foreach (var row in ReadGroup(place, file, group))
            {
                number++;
                yield return new TaskRow($"{place} row {number}", number, Value(row, number));
            }
        }
    }

    // A spec is read before anything is started, on a thread that has nothing else to do.
    private static int Groups(string place, FileStream file) => Guarded(place, () => Task.Run(async () =>
    {
        file.Position = 0;
        await using var reader = await ParquetReader.CreateAsync(file, leaveStreamOpen: true);
        return reader.RowGroupCount;
    }).GetAwaiter().GetResult());

    private static IEnumerable<Dictionary<string, object>> ReadGroup(string place, FileStream file, int group) => Guarded(place, () => Task.Run(async () =>
    {
        file.Position = 0;
        return (await ParquetSerializer.DeserializeUntypedAsync(file, null, group)).Data;
    }).GetAwaiter().GetResult());

    /// <summary>The decoder meets damage with many kinds of exception; to a user they are one.</summary>
    private static T Guarded<T>(string place, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            throw new InvalidInputException(place, $"cannot be read as Parquet: {error.Message}");
        }
    }

    private static LocatedJson Value(object? value, int row) => value switch
    {
        null => new(JsonValueKind.Null, row, "null", [], []),
        string text => new(JsonValueKind.String, row, text, [], []),
        IDictionary map => new(JsonValueKind.Object, row, "{}", [.. map.Keys.Cast<object>().Select(key => new LocatedMember(key.ToString()!, Value(map[key], row)))], []),
        IEnumerable items => new(JsonValueKind.Array, row, "[]", [], [.. items.Cast<object?>().Select(item => Value(item, row))]),
        IFormattable number => new(JsonValueKind.Number, row, number.ToString(null, CultureInfo.InvariantCulture), [], []),
        _ => new(JsonValueKind.String, row, value.ToString() ?? "", [], []),
    };
}
