using System.Text.Json.Nodes;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Tokenizers.Bpe;

namespace KnapsackCloud.Model.Tests.Tokenizers;

/// <summary>Small tokenizer.json files in the shape of published ones.</summary>
internal static class SmallTokenizers
{
    public const string QwenPattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    public const string Llama3Pattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    public const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>
    /// In the shape of Qwen3: ids 0 to 255 are the bytes, then he, ll, hell, hello, Ġw, or, Ġwor and the two bytes of é
    /// (256 to 263); 264 &lt;|end|&gt; is special, 265 &lt;think&gt; is added and not special.
    /// </summary>
    public static JsonObject ByteLevel()
    {
        var tokens = Enumerable.Range(0, 256).Select(value => ByteAlphabet.Character((byte)value).ToString()).ToList();
        return File(tokens, [("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o"), ("Ġ", "w"), ("o", "r"), ("Ġw", "or"), ("Ã", "©")], """
            {
              "added_tokens": [
                { "id": 264, "content": "<|end|>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true },
                { "id": 265, "content": "<think>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": false }
              ],
              "normalizer": { "type": "NFC" },
              "pre_tokenizer": { "type": "Sequence", "pretokenizers": [
                { "type": "Split", "pattern": { "Regex": "" }, "behavior": "Isolated", "invert": false },
                { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false } ] },
              "post_processor": { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false },
              "decoder": { "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false }
            }
            """).With("pre_tokenizer.pretokenizers.0.pattern.Regex", QwenPattern);
    }

    /// <summary>
    /// In the shape of Llama 2: &lt;unk&gt; &lt;s&gt; &lt;/s&gt; are 0 to 2, the bytes 3 to 258, ▁ 259, a to z 260 to 285,
    /// then ▁t, he, ▁the, ▁▁ (286 to 289).
    /// </summary>
    public static JsonObject SentencePiece()
    {
        List<string> tokens = ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"), "▁", .. "abcdefghijklmnopqrstuvwxyz".Select(letter => letter.ToString())];
        return File(tokens, [("▁", "t"), ("h", "e"), ("▁t", "he"), ("▁", "▁")], """
            {
              "added_tokens": [
                { "id": 0, "content": "<unk>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true },
                { "id": 1, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true },
                { "id": 2, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true }
              ],
              "normalizer": { "type": "Sequence", "normalizers": [
                { "type": "Prepend", "prepend": "▁" }, { "type": "Replace", "pattern": { "String": " " }, "content": "▁" } ] },
              "pre_tokenizer": null,
              "post_processor": { "type": "TemplateProcessing",
                "single": [ { "SpecialToken": { "id": "<s>", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } } ],
                "pair": [],
                "special_tokens": { "<s>": { "id": "<s>", "ids": [1], "tokens": ["<s>"] } } },
              "decoder": { "type": "Sequence", "decoders": [
                { "type": "Replace", "pattern": { "String": "▁" }, "content": " " }, { "type": "ByteFallback" }, { "type": "Fuse" },
                { "type": "Strip", "content": " ", "start": 1, "stop": 0 } ] }
            }
            """).With("model.unk_token", "<unk>").With("model.fuse_unk", true).With("model.byte_fallback", true);
    }

    /// <summary>Replaces a member, named with dots; numbers are places in arrays.</summary>
    public static JsonObject With(this JsonObject file, string path, JsonNode? value)
    {
        var names = path.Split('.');
        JsonNode node = file;
        foreach (var name in names[..^1]) node = (node is JsonArray array ? array[int.Parse(name)] : node[name])!;
        if (node is JsonArray items) items[int.Parse(names[^1])] = value;
        else node[names[^1]] = value;
        return file;
    }

    public static TextTokenizer Load(this JsonObject file) => Load(file.ToJsonString());

    public static TextTokenizer Load(string json)
    {
        using var folder = new TemporaryFolder();
        System.IO.File.WriteAllText(folder["tokenizer.json"], json);
        return Assert.IsType<TextTokenizer>(TokenizerLoader.Load(folder.Path));
    }

    private static JsonObject File(List<string> tokens, (string Left, string Right)[] merges, string rest)
    {
        tokens.AddRange(merges.Select(merge => merge.Left + merge.Right));
        var file = JsonNode.Parse(rest)!.AsObject();
        file["version"] = "1.0";
        file["truncation"] = null;
        file["padding"] = null;
        file["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = null,
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = false,
            ["byte_fallback"] = false,
            ["ignore_merges"] = false,
            ["vocab"] = new JsonObject(tokens.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))),
            ["merges"] = new JsonArray([.. merges.Select(merge => new JsonArray(merge.Left, merge.Right))]),
        };
        return file;
    }
}
