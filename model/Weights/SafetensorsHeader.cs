using System.Text.Json;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Weights;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Start">First byte, counted from the end of the header.</param>
/// <param name="Bytes">Product of the shape times the element size; checked.</param>
public sealed record SafetensorsEntry(string Name, ScalarType Type, long[] Shape, long Start, long Bytes);

/// <summary>
/// What a safetensors header says, every number checked: no shape overflows, and the tensors cover the data exactly, without
/// a gap or an overlap. The rules of https://huggingface.co/docs/safetensors.
/// </summary>
public sealed class SafetensorsHeader
{
    /// <summary>The reference implementation refuses longer headers too.</summary>
    public const int MaxBytes = 100_000_000;

    private const string MetadataName = "__metadata__";
    private const int MaxDimensions = 8;

    private readonly Dictionary<string, SafetensorsEntry> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    private SafetensorsHeader() { }

    /// <summary>By name, exactly as written.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Tensors => _tensors;
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Reads the JSON of a header.</summary>
    /// <param name="json">The header without its length.</param>
    /// <param name="dataBytes">Bytes of the file after the header.</param>
    /// <exception cref="InvalidDataException">Anything that the format forbids or that this reader does not know; names the tensor.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long dataBytes)
    {
        var header = new SafetensorsHeader();
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4 });
            header.ReadMembers(ref reader);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"the header is not valid JSON: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            // What Utf8JsonReader throws for text that is not UTF-8.
            throw new InvalidDataException("the header has text that is not UTF-8", e);
        }

        header.CheckCoverage(dataBytes);
        return header;
    }

    private void ReadMembers(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "the header");
        var hasMetadata = false;
        while (NextMember(ref reader, "the header") is { } name)
        {
            if (name == MetadataName)
            {
                if (hasMetadata) throw new InvalidDataException($"{MetadataName} is there twice");
                hasMetadata = true;
                ReadMetadata(ref reader);
            }
            else if (!_tensors.TryAdd(name, ReadEntry(ref reader, name)))
            {
                throw new InvalidDataException($"tensor '{name}' is there twice");
            }
        }

        if (reader.Read()) throw new InvalidDataException("the header goes on after its end");
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, MetadataName);
        while (NextMember(ref reader, MetadataName) is { } name)
        {
            Expect(ref reader, JsonTokenType.String, $"{MetadataName}.{name}");
            if (!_metadata.TryAdd(name, reader.GetString()!)) throw new InvalidDataException($"{MetadataName}.{name} is there twice");
        }
    }

    private static SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        var place = $"tensor '{name}'";
        string? type = null;
        List<long>? shape = null, offsets = null;
        Expect(ref reader, JsonTokenType.StartObject, place);
        while (NextMember(ref reader, place) is { } member)
        {
            switch (member)
            {
                case "dtype" when type is null:
                    Expect(ref reader, JsonTokenType.String, $"{place} dtype");
                    type = reader.GetString();
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref reader, $"{place} shape", MaxDimensions);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref reader, $"{place} data_offsets", 2);
                    break;
                default:
                    throw new InvalidDataException($"{place} has the member '{member}' twice or against the format");
            }
        }

        if (type is null || shape is null || offsets is not [var start, var end])
            throw new InvalidDataException($"{place} needs dtype, shape and two data_offsets");
        return Checked(name, type, [.. shape], start, end);
    }

    private static SafetensorsEntry Checked(string name, string typeName, long[] shape, long start, long end)
    {
        if (!SafetensorsType.TryParse(typeName, out var type, out var size))
            throw new InvalidDataException($"tensor '{name}' has the element type '{typeName}'; this program reads {SafetensorsType.Supported}");
        if (!TryBytes(shape, size, out var bytes))
            throw new InvalidDataException($"tensor '{name}' has the shape [{string.Join(", ", shape)}], which is too large for any file");
        if (end < start || end - start != bytes)
            throw new InvalidDataException($"tensor '{name}' has data_offsets [{start}, {end}], but {typeName} of shape [{string.Join(", ", shape)}] takes {bytes} bytes");
        return new SafetensorsEntry(name, type, shape, start, bytes);
    }

    private static bool TryBytes(long[] shape, int size, out long bytes)
    {
        Int128 product = size;
        foreach (var dimension in shape)
        {
            product *= dimension;
            if (product > long.MaxValue)
            {
                bytes = 0;
                return false;
            }
        }

        bytes = (long)product;
        return true;
    }

    /// <summary>Tensors in the order of their data, each starting where the one before ends: this excludes overlap, gap and overrun at once.</summary>
    private void CheckCoverage(long dataBytes)
    {
        long at = 0;
        foreach (var entry in _tensors.Values.OrderBy(entry => entry.Start).ThenBy(entry => entry.Bytes))
        {
            if (entry.Start != at)
                throw new InvalidDataException($"tensor '{entry.Name}' starts at byte {entry.Start} of the data, but the tensor before it ends at {at}");
            if (entry.Bytes > dataBytes - at)
                throw new InvalidDataException($"tensor '{entry.Name}' needs {entry.Bytes} bytes from {at}, but the file has only {dataBytes} bytes of data: it is truncated or damaged");
            at += entry.Bytes;
        }

        if (at != dataBytes) throw new InvalidDataException($"the tensors take {at} bytes, but the file has {dataBytes} bytes of data");
    }

    private static List<long> ReadNumbers(ref Utf8JsonReader reader, string place, int most)
    {
        Expect(ref reader, JsonTokenType.StartArray, place);
        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || number < 0)
                throw new InvalidDataException($"{place} must be whole numbers, 0 or more");
            if (numbers.Count == most) throw new InvalidDataException($"{place} has more than {most} numbers");
            numbers.Add(number);
        }

        return numbers;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string place)
    {
        if (!reader.Read() || reader.TokenType != type)
            throw new InvalidDataException($"{place} must be a JSON {type.ToString().Replace("Start", "", StringComparison.Ordinal).ToLowerInvariant()}");
    }

    private static string? NextMember(ref Utf8JsonReader reader, string place)
    {
        if (!reader.Read()) throw new InvalidDataException($"{place} does not end");
        return reader.TokenType == JsonTokenType.PropertyName ? reader.GetString() : null;
    }
}
