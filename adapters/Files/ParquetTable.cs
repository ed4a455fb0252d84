using System.Globalization;
using Parquet;
using Parquet.Schema;

namespace KnapsackCloud.Adapters.Files;

/// <summary>Writes the columns of one row group, in the order of the schema.</summary>
internal sealed class ParquetColumnWriter(ParquetRowGroupWriter group, ParquetSchema schema, CancellationToken cancellation)
{
    private int _next;

    public Task TextAsync(IReadOnlyCollection<string?> values) => group.WriteAsync(Next(), values!);

    public async ValueTask NumbersAsync<T>(IEnumerable<T> values) where T : struct =>
        await group.WriteAsync<T>(Next(), values.ToArray(), null, null, cancellation);

    public async ValueTask OptionalNumbersAsync<T>(IEnumerable<T?> values) where T : struct =>
        await group.WriteAsync<T>(Next(), values.ToArray(), null, null, cancellation);

    public async ValueTask ListsAsync<T>(IReadOnlyList<T[]> rows) where T : struct
    {
        var (values, definition, repetition) = ListColumn.Flatten(rows);
        await group.WriteAllPartsAsync<T>(Next(), values, definition, repetition, cancellation);
    }

    private DataField Next() => schema.DataFields[_next++];
}

/// <summary>Reads the columns of one row group by name.</summary>
internal sealed class ParquetColumnReader(ParquetRowGroupReader group, ParquetSchema schema, CancellationToken cancellation)
{
    public int Rows { get; } = checked((int)group.RowCount);

    public async ValueTask<string?[]> TextAsync(string name)
    {
        var values = new string?[Rows];
        await group.ReadAsync(Field(name), values.AsMemory(), null, cancellation);
        return values;
    }

    public async ValueTask<T[]> NumbersAsync<T>(string name) where T : struct
    {
        var values = new T[Rows];
        await group.ReadAsync(Field(name), values.AsMemory(), null, cancellation);
        return values;
    }

    public async ValueTask<T?[]> OptionalNumbersAsync<T>(string name) where T : struct
    {
        var values = new T?[Rows];
        await group.ReadAsync(Field(name), values.AsMemory(), null, cancellation);
        return values;
    }

    public async ValueTask<T[][]> ListsAsync<T>(string name) where T : struct
    {
        var field = Field(name);
        var slots = checked((int)(group.GetMetadata(field)?.MetaData?.NumValues ?? throw new InvalidDataException($"column {name} has no metadata")));
        var (values, definition, repetition) = (new T[slots], new int[slots], new int[slots]);
        await group.ReadRawAsync(field, values.AsMemory(), definition.AsMemory(), repetition.AsMemory(), cancellation);
        return ListColumn.Unflatten<T>(values, definition, repetition, Rows);
    }

    private DataField Field(string name) =>
        schema.DataFields.FirstOrDefault(field => field.Path.FirstPart == name) ?? throw new InvalidDataException($"column {name} is missing");
}

/// <summary>A Parquet file of one row group, with the kind and version of its content in the file's metadata.</summary>
internal static class ParquetTable
{
    private const string KindKey = "knapsack.kind";
    private const string FormatKey = "knapsack.format";
    private static readonly ParquetOptions Options = new() { CompressionMethod = CompressionMethod.Snappy };

    public static async Task WriteAsync(
        Stream output, ParquetSchema schema, string kind, int format, Func<ParquetColumnWriter, Task> columns, CancellationToken cancellation)
    {
        await using var writer = await ParquetWriter.CreateAsync(schema, output, Options, cancellationToken: cancellation);
        writer.CustomMetadata = new Dictionary<string, string>
        {
            [KindKey] = kind,
            [FormatKey] = format.ToString(CultureInfo.InvariantCulture),
        };
        using var group = writer.CreateRowGroup();
        await columns(new ParquetColumnWriter(group, schema, cancellation));
        group.CompleteValidate();
    }

    /// <exception cref="InvalidDataException">Not Parquet, or not of this kind and format.</exception>
    public static async Task<IReadOnlyList<T>> ReadAsync<T>(
        Stream input, string kind, int format, Func<ParquetColumnReader, Task<IReadOnlyList<T>>> rows, CancellationToken cancellation)
    {
        // A failure of the store while copying is no damage of the file, and stays outside.
        await using var file = input.CanSeek ? null : await CopyAsync(input, cancellation);
        try
        {
            await using var reader = await ParquetReader.CreateAsync(file ?? input, leaveStreamOpen: true, cancellationToken: cancellation);
            var metadata = reader.CustomMetadata;
            if (metadata.GetValueOrDefault(KindKey) != kind || metadata.GetValueOrDefault(FormatKey) != format.ToString(CultureInfo.InvariantCulture))
                throw new InvalidDataException($"not a file of {kind} in format {format}");
            var all = new List<T>();
            for (var i = 0; i < reader.RowGroupCount; i++)
            {
                using var group = reader.OpenRowGroupReader(i);
                all.AddRange(await rows(new ParquetColumnReader(group, reader.Schema, cancellation)));
            }
            return all;
        }
        catch (Exception error) when (error is not (InvalidDataException or OperationCanceledException or OutOfMemoryException))
        {
            // The decoder meets damage with many kinds of exception; to a caller they are one.
            throw new InvalidDataException($"not a readable Parquet file of {kind}: {error.Message}", error);
        }
    }

    /// <summary>The reader starts at the file's end; a stream from the network goes only forward. A work item's blob is a few megabytes.</summary>
    private static async Task<MemoryStream> CopyAsync(Stream input, CancellationToken cancellation)
    {
        var copy = new MemoryStream();
        await input.CopyToAsync(copy, cancellation);
        copy.Position = 0;
        return copy;
    }
}
