using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Tokenizers;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack tokenize</c>: token ids of each line's text, or back.</summary>
internal static class TokenizeCommand
{
    /// <summary>So many wrong lines are told; the rest is counted.</summary>
    private const int MaxTold = 100;

    public static Command Create()
    {
        var model = new Option<string>("--model") { Description = "Folder with tokenizer.json", Required = true };
        var decode = new Option<bool>("--decode") { Description = "From each line's ids to text, special tokens included" };
        var plain = new Option<bool>("--plain") { Description = "Spellings of special tokens in a text stay text" };
        var template = new Option<bool>("--template") { Description = "Add the special tokens that the tokenizer puts around a text, such as begin of sequence" };
        var file = new Argument<string>("file") { Description = "JSONL file with text, or ids when decoding, a line" };
        var command = new Command("tokenize", "Prints the token ids of each line's text as a JSON array.") { model, decode, plain, template, file };
        command.SetAction((parsed, cancellation) =>
        {
            var decoding = parsed.GetValue(decode);
            if (decoding && (parsed.GetValue(plain) || parsed.GetValue(template))) throw new InvalidInputException("--decode", "takes neither --plain nor --template, which are about encoding");
            var path = parsed.GetValue(file)!;
            if (!File.Exists(path)) throw new InvalidInputException("file", $"there is no file '{path}'");
            var tokenizer = TokenizerLoader.Load(parsed.GetValue(model)!);
            var options = (parsed.GetValue(plain) ? EncodeOptions.None : EncodeOptions.AddedTokens) | (parsed.GetValue(template) ? EncodeOptions.Template : EncodeOptions.None);
            Convert(path, decoding ? (line, output) => Decode(tokenizer, line, output) : (line, output) => Encode(tokenizer, options, line, output), cancellation);
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }

    /// <summary>One line out per line in. After the first wrong line nothing more is printed, but every line is still checked.</summary>
    /// <exception cref="InvalidInputException">Every wrong line.</exception>
    private static void Convert(string path, Action<JsonElement, Utf8JsonWriter> convert, CancellationToken cancellation)
    {
        using var output = new BufferedStream(Console.OpenStandardOutput(), 1 << 16);
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        var (errors, wrong, number) = (new List<InputError>(), 0, 0);
        foreach (var line in Lines(path))
        {
            cancellation.ThrowIfCancellationRequested();
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            try
            {
                using var document = JsonDocument.Parse(line);
                convert(document.RootElement, json);
                if (wrong == 0) WriteLine(json, output);
            }
            catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentOutOfRangeException)
            {
                if (wrong++ < MaxTold) errors.Add(new InputError($"{path}:{number}", e is JsonException { LineNumber: not null } ? "is not valid JSON" : e.Message));
            }

            if (wrong > 0) json.Reset(Stream.Null);
        }

        if (wrong > MaxTold) errors.Add(new InputError(path, $"{wrong - MaxTold} more lines are wrong"));
        if (wrong > 0) throw new InvalidInputException(errors);
    }

    private static void WriteLine(Utf8JsonWriter json, Stream output)
    {
        json.Flush();
        output.WriteByte((byte)'\n');
        json.Reset();
    }

    private static void Encode(ITokenizer tokenizer, EncodeOptions options, JsonElement line, Utf8JsonWriter output)
    {
        if (line.ValueKind != JsonValueKind.Object || !line.TryGetProperty("text", out var text) || text.ValueKind != JsonValueKind.String)
            throw new FormatException("must be an object with a text");
        var ids = tokenizer is TextTokenizer full ? full.Encode(text.GetString()!, options) : tokenizer.Encode(text.GetString()!);
        output.WriteStartArray();
        foreach (var id in ids) output.WriteNumberValue(id);
        output.WriteEndArray();
    }

    private static void Decode(ITokenizer tokenizer, JsonElement line, Utf8JsonWriter output)
    {
        if (line.ValueKind != JsonValueKind.Object || !line.TryGetProperty("ids", out var json) || json.ValueKind != JsonValueKind.Array)
            throw new FormatException("must be an object with ids, an array");
        var ids = new int[json.GetArrayLength()];
        foreach (var (index, item) in json.EnumerateArray().Index())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out ids[index]) || ids[index] < 0)
                throw new FormatException($"ids[{index}] is {item.GetRawText()}, but token ids are whole numbers from 0");
        }

        output.WriteStartObject();
        output.WriteString("text", tokenizer is TextTokenizer full ? full.Decode(ids, keepSpecialTokens: true) : tokenizer.Decode(ids));
        output.WriteEndObject();
    }

    private static IEnumerable<string> Lines(string path)
    {
        using var reader = new StreamReader(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
        while (true)
        {
            string? line;
            try
            {
                line = reader.ReadLine();
            }
            catch (DecoderFallbackException)
            {
                throw new InvalidInputException(path, "is not UTF-8");
            }

            if (line is null) yield break;
            yield return line;
        }
    }
}
