using System.Text;
using KnapsackCloud.Model.Tokenizers.Bpe;
using KnapsackCloud.Model.Tokenizers.Decoding;
using KnapsackCloud.Model.Tokenizers.Splitting;

namespace KnapsackCloud.Model.Tokenizers.Reading;

/// <summary>Reads <c>decoder</c>.</summary>
internal sealed class DecoderReader
{
    private const string Supported = "ByteLevel, Metaspace, or Sequence of Replace, ByteFallback, Fuse, Strip in this order";

    private readonly List<(string Pattern, string Content)> _replacements = [];
    private bool _byteFallback;
    private bool _fuse;
    private char _strip;
    private int _stripCount;
    private int _stage;

    /// <param name="texts">Of all tokens, added ones included, by id.</param>
    /// <param name="byteLevel">The pre-tokenizer makes bytes, so the decoder must take them.</param>
    /// <returns>Starts the decoding of one sequence.</returns>
    public static Func<TokenDecoding> Read(TokenizerNode root, string?[] texts, bool byteLevel)
    {
        if (root.Child("decoder") is not { } node)
        {
            root.Refuse("decoder", $"is missing; supported: {Supported}");
            return () => new ByteLevelDecoding([]);
        }

        var type = node.Type();
        if (byteLevel != (type == "ByteLevel")) node.Refuse("type", $"the decoder '{type}' does not fit the pre-tokenizer: ByteLevel goes with ByteLevel");
        if (type == "ByteLevel")
        {
            node.Ignore("add_prefix_space", "trim_offsets", "use_regex");
            node.RefuseOthers();
            var bytes = Array.ConvertAll(texts, ByteLevelBytes);
            return () => new ByteLevelDecoding(bytes);
        }

        var decoder = type == "Metaspace" ? ReadMetaspace(node, texts) : new DecoderReader().ReadPieces(node, type, texts);
        return () => new PieceDecoding(decoder);
    }

    /// <summary>A token with a character outside the byte alphabet stands for its own text.</summary>
    private static byte[]? ByteLevelBytes(string? token) =>
        token is null ? null : ByteAlphabet.TryBytes(token, out var bytes) ? bytes : Encoding.UTF8.GetBytes(token);

    private static PieceDecoder ReadMetaspace(TokenizerNode node, string?[] texts)
    {
        var sign = Metaspace.Sign(node);
        var drops = Metaspace.Scheme(node) != PrependScheme.Never;
        node.Ignore("split");
        node.RefuseOthers();
        var spaced = Array.ConvertAll(texts, text => text?.Replace(sign, ' '));
        var first = drops ? Array.ConvertAll(texts, text => text?.Replace(sign.ToString(), "", StringComparison.Ordinal)) : spaced;
        return new PieceDecoder(spaced, first, null, default, 0);
    }

    private PieceDecoder ReadPieces(TokenizerNode node, string type, string?[] texts)
    {
        if (type == "Sequence")
        {
            foreach (var step in node.Children("decoders")) AddStep(step, step.Type());
            node.RefuseOthers();
        }
        else
        {
            AddStep(node, type);
        }

        var pieces = Array.ConvertAll(texts, text => text is null ? null : _replacements.Aggregate(text, (piece, replace) => piece.Replace(replace.Pattern, replace.Content, StringComparison.Ordinal)));
        return new PieceDecoder(pieces, pieces, _byteFallback ? Array.ConvertAll(pieces, ByteOf) : null, _strip, _stripCount);
    }

    private void AddStep(TokenizerNode node, string type)
    {
        var stage = type switch { "Replace" => 0, "ByteFallback" => 1, "Fuse" => 2, "Strip" => 3, _ => -1 };
        if (stage < _stage || stage > 0 && stage == _stage)
        {
            node.Refuse("type", $"the decoder '{type}' is not supported here; supported: {Supported}");
            return;
        }

        _stage = stage;
        if (type == "Replace") _replacements.Add((NormalizerReader.LiteralPattern(node), node.RequiredText("content")));
        _byteFallback |= type == "ByteFallback";
        _fuse |= type == "Fuse";
        if (type == "Strip") ReadStrip(node);
        node.RefuseOthers();
    }

    private void ReadStrip(TokenizerNode node)
    {
        if (!_fuse) node.Refuse("type", "'Strip' is supported only after Fuse");
        _strip = node.RequiredText("content", least: 1, most: 1) is [var content, ..] ? content : ' ';
        _stripCount = node.Integer("start", 0, 1024);
        node.RequireUnset("stop", "only 0 is supported");
    }

    private static byte? ByteOf(string? token) =>
        token is { Length: 6 } && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>' &&
        byte.TryParse(token.AsSpan(3, 2), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var value) ? value : null;
}
