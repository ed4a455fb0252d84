using KnapsackCloud.Model.Tokenizers.Splitting;

namespace KnapsackCloud.Model.Tokenizers.Reading;

/// <summary>How a text is cut before merging.</summary>
/// <param name="ByteLevel">The symbols of the pieces are bytes, else characters.</param>
internal sealed record PreTokenizer(ISplitter[] Splitters, MetaspacePrefix? Metaspace, bool ByteLevel);

/// <summary>Reads <c>pre_tokenizer</c>.</summary>
internal sealed class PreTokenizerReader
{
    private const int MaxDepth = 8;
    private const string Supported = "ByteLevel, Digits, Metaspace, Sequence, Split";

    /// <summary>Written by hand, each as a scanner: a regex from a file could run for ever.</summary>
    private static readonly Dictionary<string, ISplitter> Patterns = new(StringComparer.Ordinal)
    {
        [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] = new Llama3Splitter(digits: 1),
        [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] = new Llama3Splitter(digits: 3),
        [@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"] = new Gpt2Splitter(),
    };

    private readonly List<ISplitter> _splitters = [];
    private MetaspacePrefix? _metaspace;
    private bool _byteLevel;

    public static PreTokenizer Read(TokenizerNode? node)
    {
        var reader = new PreTokenizerReader();
        if (node is not null) reader.Add(node, depth: 0);
        return new PreTokenizer([.. reader._splitters], reader._metaspace, reader._byteLevel);
    }

    private void Add(TokenizerNode node, int depth)
    {
        var type = node.Type();
        // Both change the text itself, so a step after them would see another text than the one that was cut.
        if (_byteLevel || _metaspace is not null) node.Refuse("type", $"'{type}' comes after ByteLevel or Metaspace, which must be last");
        switch (type)
        {
            case "Sequence" when depth < MaxDepth:
                foreach (var step in node.Children("pretokenizers")) Add(step, depth + 1);
                break;
            case "Split":
                AddSplit(node);
                break;
            case "Digits":
                _splitters.Add(new DigitSplitter(node.Flag("individual_digits", missing: false)));
                break;
            case "ByteLevel":
                AddByteLevel(node);
                break;
            case "Metaspace":
                AddMetaspace(node);
                break;
            default:
                node.Refuse("type", $"the pre-tokenizer '{type}' is not supported; supported: {Supported}");
                return;
        }

        node.RefuseOthers();
    }

    private void AddSplit(TokenizerNode node)
    {
        if (node.RequiredText("behavior") is not "Isolated" and var behavior) node.Refuse("behavior", $"'{behavior}' is not supported; supported: Isolated");
        node.RequireUnset("invert", "only false is supported");
        var pattern = node.Child("pattern")?.Text("Regex");
        if (pattern is not null && Patterns.TryGetValue(pattern, out var splitter)) _splitters.Add(splitter);
        else node.Refuse("pattern", $"{(pattern is null ? "has no Regex" : $"'{pattern}' is not supported")}; supported: the patterns of Llama 3, Qwen2, Qwen3 and GPT-2");
    }

    private void AddByteLevel(TokenizerNode node)
    {
        _byteLevel = true;
        node.RequireUnset("add_prefix_space", "only false is supported");
        if (node.Flag("use_regex", missing: true)) _splitters.Add(new Gpt2Splitter());
        node.Ignore("trim_offsets");
    }

    private void AddMetaspace(TokenizerNode node)
    {
        if (_splitters.Count > 0) node.Refuse("type", "'Metaspace' is supported only as the one pre-tokenizer");
        var sign = Metaspace.Sign(node);
        _metaspace = new MetaspacePrefix(sign, Metaspace.Scheme(node));
        if (node.Flag("split", missing: true)) _splitters.Add(new MetaspaceSplitter(sign, everySign: true));
    }
}
