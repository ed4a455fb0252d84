using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Model.Weights;

/// <summary>The small JSON files of a model folder.</summary>
internal static class JsonFile
{
    /// <summary>A large vocabulary is some 20 MB; more is no tokenizer or configuration.</summary>
    private const long MaxBytes = 256L << 20;

    /// <summary>A file that must be a JSON object.</summary>
    /// <exception cref="InvalidInputException">Not there, not JSON, or no object.</exception>
    public static JsonDocument Read(string path)
    {
        if (!File.Exists(path)) throw new InvalidInputException(path, "there is no such file; give a folder in Hugging Face layout");
        if (new FileInfo(path).Length > MaxBytes) throw new InvalidInputException(path, $"is larger than {MaxBytes} bytes, so it cannot be what its name says");
        JsonDocument? document = null;
        try
        {
            var json = File.ReadAllBytes(path);
            CheckText(json);
            document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
        }
        catch (JsonException e)
        {
            throw new InvalidInputException(path, $"is not valid JSON: {e.Message}");
        }

        document.Dispose();
        throw new InvalidInputException(path, "must be a JSON object");
    }

    /// <summary>Every string must be text: a document hands out its strings late, where nobody expects them to fail.</summary>
    private static void CheckText(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json)) throw new JsonException("it has text that is not UTF-8");
        var reader = new Utf8JsonReader(json);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped) reader.GetString();
            }
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException($"byte {reader.TokenStartIndex}: {e.Message}", e);
        }
    }

    /// <summary>Bytes of an indented object with a final newline: same members, same bytes.</summary>
    public static byte[] Bytes(Action<Utf8JsonWriter> members)
    {
        using var buffer = new MemoryStream();
        // Nobody pastes these files into HTML: without this every '+' of a vocabulary would become \u002B.
        var options = new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(buffer, options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        buffer.WriteByte((byte)'\n');
        return buffer.ToArray();
    }
}
