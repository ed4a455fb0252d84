using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Weights;

namespace KnapsackCloud.Model.Tokenizers;

/// <summary>
/// A character tokenizer as Hugging Face files: a WordLevel model behind a Split pre-tokenizer that isolates every
/// character. Exactly this shape is written and read.
/// </summary>
public static class CharacterTokenizerFile
{
    private const string AnyCharacter = @"[\s\S]";

    public static TokenizerFiles Files(CharacterTokenizer tokenizer) => new(new Dictionary<string, byte[]>
    {
        [TokenizerFiles.Main] = JsonFile.Bytes(json => WriteMain(json, tokenizer)),
        [TokenizerFiles.Config] = JsonFile.Bytes(json => WriteConfig(json, tokenizer)),
    });

    /// <summary>Reads a tokenizer.json whose model is WordLevel, with its tokenizer_config.json.</summary>
    /// <exception cref="InvalidInputException">Another shape than the one this program writes.</exception>
    internal static CharacterTokenizer Read(JsonElement main, string path)
    {
        if (Mismatch(main) is { } mismatch)
            throw new InvalidInputException(path, $"{mismatch}; a WordLevel tokenizer is read only where it makes every character a token");
        var configPath = Path.Combine(Path.GetDirectoryName(path)!, TokenizerFiles.Config);
        using var config = JsonFile.Read(configPath);
        var errors = new List<InputError>();
        var members = new JsonMembers(config.RootElement, configPath, errors);
        var (pad, eos) = (members.Text("pad_token"), members.Text("eos_token"));
        if (pad is null) members.Refuse("pad_token", "must name the padding token");
        if (eos is null) members.Refuse("eos_token", "must name the end of sequence token");
        if (errors.Count > 0) throw new InvalidInputException(errors);
        try
        {
            return new CharacterTokenizer(Vocabulary(main.GetProperty("model").GetProperty("vocab"), path), pad!, eos!);
        }
        catch (ArgumentException e)
        {
            throw new InvalidInputException($"{path} model.vocab", e.Message);
        }
    }

    private static string? Mismatch(JsonElement main)
    {
        if (IsSet(main, "normalizer")) return "it has a normalizer";
        if (IsSet(main, "post_processor")) return "it has a post_processor";
        if (!main.TryGetProperty("pre_tokenizer", out var split) || Text(split, "type") != "Split" || Text(split, "behavior") != "Isolated" ||
            !split.TryGetProperty("pattern", out var pattern) || Text(pattern, "Regex") != AnyCharacter)
            return "its pre_tokenizer does not isolate every character";
        if (!main.TryGetProperty("decoder", out var decoder) || Text(decoder, "type") != "Fuse") return "its decoder is not Fuse";
        return main.GetProperty("model").TryGetProperty("vocab", out var vocab) && vocab.ValueKind == JsonValueKind.Object ? null : "its model has no vocab";
    }

    private static string[] Vocabulary(JsonElement vocab, string path)
    {
        var entries = vocab.EnumerateObject().ToList();
        var tokens = new string?[entries.Count];
        foreach (var entry in entries)
        {
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out var id) || id < 0 || id >= tokens.Length || tokens[id] is not null)
                throw new InvalidInputException($"{path} model.vocab", $"'{entry.Name}' has the id {JsonMembers.Shown(entry.Value)}; ids must be 0 to {tokens.Length - 1}, each once");
            tokens[id] = entry.Name;
        }

        return tokens!;
    }

    private static bool IsSet(JsonElement json, string member) => json.TryGetProperty(member, out var value) && value.ValueKind != JsonValueKind.Null;

    private static string? Text(JsonElement json, string member) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static void WriteMain(Utf8JsonWriter json, CharacterTokenizer tokenizer)
    {
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        json.WriteStartArray("added_tokens");
        foreach (var id in new[] { tokenizer.PadId, tokenizer.EosId }.Order()) WriteSpecial(json, id, tokenizer.Vocabulary[id]);
        json.WriteEndArray();
        json.WriteNull("normalizer");
        WritePreTokenizer(json);
        json.WriteNull("post_processor");
        json.WriteStartObject("decoder");
        json.WriteString("type", "Fuse");
        json.WriteEndObject();
        json.WriteStartObject("model");
        json.WriteString("type", "WordLevel");
        json.WriteStartObject("vocab");
        foreach (var (id, token) in tokenizer.Vocabulary.Index()) json.WriteNumber(token, id);
        json.WriteEndObject();
        // Not in the vocabulary: a character outside it is an error there too, not a token.
        json.WriteString("unk_token", "<unk>");
        json.WriteEndObject();
    }

    private static void WriteSpecial(Utf8JsonWriter json, int id, string token)
    {
        json.WriteStartObject();
        json.WriteNumber("id", id);
        json.WriteString("content", token);
        foreach (var flag in new[] { "single_word", "lstrip", "rstrip", "normalized" }) json.WriteBoolean(flag, false);
        json.WriteBoolean("special", true);
        json.WriteEndObject();
    }

    private static void WritePreTokenizer(Utf8JsonWriter json)
    {
        json.WriteStartObject("pre_tokenizer");
        json.WriteString("type", "Split");
        json.WriteStartObject("pattern");
        json.WriteString("Regex", AnyCharacter);
        json.WriteEndObject();
        json.WriteString("behavior", "Isolated");
        json.WriteBoolean("invert", false);
        json.WriteEndObject();
    }

    private static void WriteConfig(Utf8JsonWriter json, CharacterTokenizer tokenizer)
    {
        json.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
        json.WriteString("pad_token", tokenizer.PadToken);
        json.WriteString("eos_token", tokenizer.EosToken);
        json.WriteBoolean("clean_up_tokenization_spaces", false);
    }
}
