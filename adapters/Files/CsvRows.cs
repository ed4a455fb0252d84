using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Json;
using KnapsackCloud.Core.Tasks;
using nietras.SeparatedValues;

namespace KnapsackCloud.Adapters.Files;

/// <summary>The rows of a file of separated values with a header; quoted values may have separators, line ends and doubled quotes.</summary>
internal static class CsvRows
{
    /// <exception cref="InvalidInputException">No header that can be read, or a quote that never ends.</exception>
    public static IReadOnlyList<TaskRow> Of(string place, string path, char separator)
    {
        try
        {
            // Rows of other lengths are reported here, all of them and with their line.
            using var reader = Sep.New(separator).Reader(options => options with { Unescape = true, DisableColCountCheck = true }).FromFile(path);
            var header = reader.Header.ColNames;
            var rows = new List<TaskRow>();
            foreach (var row in reader)
            {
                var at = $"{place}:{row.LineNumberFrom}";
                rows.Add(row.ColCount == header.Count
                    ? new TaskRow(at, row.RowIndex, Value(header, row))
                    : new TaskRow(at, row.RowIndex, $"has {row.ColCount} values for {header.Count} columns; put values with a separator in double quotes"));
            }
            return rows;
        }
        catch (Exception error) when (error is InvalidDataException or ArgumentException or NotSupportedException)
        {
            throw new InvalidInputException(place, $"cannot be read as separated values: {error.Message}");
        }
    }

    private static LocatedJson Value(IReadOnlyList<string> header, SepReader.Row row)
    {
        var members = new LocatedMember[header.Count];
        for (var i = 0; i < members.Length; i++)
            members[i] = new LocatedMember(header[i], new LocatedJson(JsonValueKind.String, row.LineNumberFrom, row[i].ToString(), [], []));
        return new LocatedJson(JsonValueKind.Object, row.LineNumberFrom, "{}", members, []);
    }
}
