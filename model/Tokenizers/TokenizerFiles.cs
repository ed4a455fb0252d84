namespace KnapsackCloud.Model.Tokenizers;

/// <summary>The files of a tokenizer, kept as they are so that a checkpoint passes on also a tokenizer that this program cannot read.</summary>
public sealed class TokenizerFiles(IReadOnlyDictionary<string, byte[]> contents)
{
    public const string Main = "tokenizer.json";
    public const string Config = "tokenizer_config.json";

    private static readonly string[] Names =
    [
        Main, Config, "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "tokenizer.model",
        "chat_template.jinja", "chat_template.json",
    ];

    /// <summary>By file name.</summary>
    public IReadOnlyDictionary<string, byte[]> Contents { get; } = contents;

    /// <summary>Those of a model folder, whatever their kind; none is fine.</summary>
    public static TokenizerFiles From(string folder) => new(Names
        .Where(name => File.Exists(Path.Combine(folder, name)))
        .ToDictionary(name => name, name => File.ReadAllBytes(Path.Combine(folder, name))));

    public void WriteTo(string folder)
    {
        foreach (var (name, content) in Contents) File.WriteAllBytes(Path.Combine(folder, name), content);
    }
}
