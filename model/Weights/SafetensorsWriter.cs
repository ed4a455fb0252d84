using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace KnapsackCloud.Model.Weights;

/// <summary>Writes safetensors files. Same tensors, same bytes: names in ordinal order, the header padded to 8 bytes.</summary>
public static class SafetensorsWriter
{
    private const int Alignment = 8;

    /// <summary>Writes a new file, or replaces one.</summary>
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var file = File.Create(path);
        Write(file, tensors, metadata);
    }

    /// <summary>Memory of contiguous CPU tensors is not copied.</summary>
    /// <exception cref="NotSupportedException">The format has no element type for a tensor.</exception>
    public static void Write(Stream output, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var ordered = tensors.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        var header = Header(ordered, metadata);
        var padded = (header.Length + Alignment - 1) / Alignment * Alignment;
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)padded);
        output.Write(length);
        output.Write(header);
        for (var i = header.Length; i < padded; i++) output.WriteByte((byte)' ');
        foreach (var (_, value) in ordered)
        {
            using var scope = NewDisposeScope();
            TensorBytes.Visit(value.detach().cpu().contiguous(), bytes => output.Write(bytes));
        }
    }

    private static byte[] Header(List<KeyValuePair<string, Tensor>> ordered, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is not null) WriteMetadata(json, metadata);
            long at = 0;
            foreach (var (name, value) in ordered) at = WriteEntry(json, name, value, at);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject("__metadata__");
        foreach (var (name, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal)) json.WriteString(name, value);
        json.WriteEndObject();
    }

    private static long WriteEntry(Utf8JsonWriter json, string name, Tensor value, long start)
    {
        var end = start + value.numel() * value.element_size();
        json.WriteStartObject(name);
        json.WriteString("dtype", SafetensorsType.NameOf(value.dtype));
        WriteNumbers(json, "shape", value.shape);
        WriteNumbers(json, "data_offsets", [start, end]);
        json.WriteEndObject();
        return end;
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
