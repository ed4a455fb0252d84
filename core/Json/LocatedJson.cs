using System.Text;
using System.Text.Json;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Json;

/// <summary>A JSON value that knows its line, so that an error can name it. Numbers keep their text.</summary>
public sealed record LocatedJson(JsonValueKind Kind, int Line, string Text, IReadOnlyList<LocatedMember> Members, IReadOnlyList<LocatedJson> Items)
{
    private const int MaxDepth = 16;

    /// <summary>Parses one document; comments and trailing commas are allowed, since people write these files.</summary>
    /// <param name="place">File name for error messages.</param>
    /// <param name="firstLine">Line number of the text's first line, for lines of a JSONL file.</param>
    /// <exception cref="InvalidInputException">Not JSON, or a member given twice.</exception>
    public static LocatedJson Parse(string place, string json, int firstLine = 1)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var options = new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = MaxDepth };
        var reader = new Utf8JsonReader(bytes, options);
        try
        {
            var lines = new LineCounter(bytes, firstLine);
            reader.Read();
            var value = ReadValue(ref reader, ref lines, place);
            reader.Read();
            return value;
        }
        catch (JsonException e)
        {
            throw new InvalidInputException($"{place}:{firstLine + (e.LineNumber ?? 0)}", $"not valid JSON: {FirstSentence(e.Message)}");
        }
        catch (InvalidOperationException)
        {
            // What Utf8JsonReader throws for an escape that is half a surrogate pair.
            throw new InvalidInputException($"{place}:{firstLine + bytes.AsSpan(0, (int)reader.TokenStartIndex).Count((byte)'\n')}", "a string has an escape that is no character, such as half of a surrogate pair");
        }
    }

    private static LocatedJson ReadValue(ref Utf8JsonReader reader, ref LineCounter lines, string place)
    {
        var line = lines.At(reader.TokenStartIndex);
        return reader.TokenType switch
        {
            JsonTokenType.StartObject => ReadObject(ref reader, ref lines, line, place),
            JsonTokenType.StartArray => ReadArray(ref reader, ref lines, line, place),
            JsonTokenType.String => new(JsonValueKind.String, line, reader.GetString()!, [], []),
            JsonTokenType.Number => new(JsonValueKind.Number, line, Encoding.UTF8.GetString(reader.ValueSpan), [], []),
            JsonTokenType.True => new(JsonValueKind.True, line, "true", [], []),
            JsonTokenType.False => new(JsonValueKind.False, line, "false", [], []),
            _ => new(JsonValueKind.Null, line, "null", [], []),
        };
    }

    private static LocatedJson ReadObject(ref Utf8JsonReader reader, ref LineCounter lines, int line, string place)
    {
        var members = new List<LocatedMember>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            var memberLine = lines.At(reader.TokenStartIndex);
            if (members.Exists(member => member.Name == name)) throw new InvalidInputException($"{place}:{memberLine}", $"'{name}' is given twice: remove one");
            reader.Read();
            members.Add(new LocatedMember(name, ReadValue(ref reader, ref lines, place)));
        }

        return new(JsonValueKind.Object, line, "{}", members, []);
    }

    private static LocatedJson ReadArray(ref Utf8JsonReader reader, ref LineCounter lines, int line, string place)
    {
        var items = new List<LocatedJson>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) items.Add(ReadValue(ref reader, ref lines, place));
        return new(JsonValueKind.Array, line, "[]", [], items);
    }

    private static string FirstSentence(string message) => message.Split(" LineNumber:", 2)[0].Split(" Path:", 2)[0].TrimEnd('.');

    /// <summary>Line of an ever-growing byte offset, counted once from front to back.</summary>
    private struct LineCounter(byte[] bytes, int firstLine)
    {
        private int _line = firstLine;
        private int _counted;

        public int At(long offset)
        {
            _line += bytes.AsSpan(_counted, (int)offset - _counted).Count((byte)'\n');
            _counted = (int)offset;
            return _line;
        }
    }
}

public sealed record LocatedMember(string Name, LocatedJson Value);
