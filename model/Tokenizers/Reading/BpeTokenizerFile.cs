using System.Text;
using System.Text.Json;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Tokenizers.Added;
using KnapsackCloud.Model.Tokenizers.Bpe;
using KnapsackCloud.Model.Tokenizers.Normalizing;
using KnapsackCloud.Model.Tokenizers.Splitting;
using KnapsackCloud.Model.Tokenizers.Templates;

namespace KnapsackCloud.Model.Tokenizers.Reading;

/// <summary>Reads a tokenizer.json whose model is BPE, strictly.</summary>
internal static class BpeTokenizerFile
{
    /// <exception cref="InvalidInputException">Every part that is damaged or not supported, with what is.</exception>
    public static TextTokenizer Read(JsonElement main, string path, ChatSupport chat)
    {
        var errors = new List<InputError>();
        var root = new TokenizerNode(main, path, errors);
        root.Ignore("version");
        root.RequireUnset("truncation", "texts would be cut; set it to null");
        root.RequireUnset("padding", "texts would be filled up; set it to null");
        var model = BpeModelReader.Read(root.Child("model")!);
        var added = AddedTokenReader.Read(root, model.Vocabulary);
        var normalizers = NormalizerReader.Read(root.Child("normalizer"));
        var preTokenizer = PreTokenizerReader.Read(root.Child("pre_tokenizer"));
        if (preTokenizer.ByteLevel && model.ByteFallback) root.Refuse("model.byte_fallback", "is true beside a ByteLevel pre-tokenizer, which leaves nothing to fall back from");
        var parts = new TokenizerParts
        {
            AddedTokens = new AddedTokenMatcher(added.Where(token => !token.Normalized).Select(token => (token.Content, token))),
            NormalizedAddedTokens = new AddedTokenMatcher(added.Where(token => token.Normalized).Select(token => (Normalized(token.Content, normalizers), token))),
            SpecialIds = added.Where(token => token.Special).Select(token => token.Id).ToHashSet(),
            Normalizers = normalizers,
            Metaspace = preTokenizer.Metaspace,
            Splitters = preTokenizer is { ByteLevel: false, Splitters: [] } && WordBoundary(model) is { } boundary ? [boundary] : preTokenizer.Splitters,
            Model = Model(model, preTokenizer.ByteLevel),
            Template = TemplateReader.Read(root.Child("post_processor")),
            StartDecoding = DecoderReader.Read(root, Texts(model.Vocabulary, added), preTokenizer.ByteLevel),
        };
        root.RefuseOthers();
        return errors.Count == 0 ? new TextTokenizer(parts) { Chat = chat } : throw new InvalidInputException(errors);
    }

    private static string Normalized(string content, INormalizer[] normalizers) =>
        normalizers.Aggregate(content, (text, normalizer) => normalizer.Apply(text));

    private static BpeModel Model(BpeDescription model, bool byteLevel)
    {
        var vocabulary = model.Vocabulary;
        ISymbols symbols = byteLevel
            ? new ByteSymbols(vocabulary.BytesBy(value => ByteAlphabet.Character(value).ToString()), model.Unknown)
            : new CharacterSymbols(Characters(vocabulary), model.ByteFallback ? vocabulary.BytesBy(BpeVocabulary.ByteToken) : null, model.Unknown);
        var wholeWords = !model.IgnoreMerges ? null : byteLevel ? WordsOfBytes(vocabulary) : vocabulary.Ids;
        return new BpeModel(symbols, new MergeTable(model.Merges), wholeWords);
    }

    private static Dictionary<Rune, int> Characters(BpeVocabulary vocabulary)
    {
        var characters = new Dictionary<Rune, int>();
        foreach (var (text, id) in vocabulary.Ids)
            if (Rune.TryGetRuneAt(text + "\0", 0, out var rune) && rune.Utf16SequenceLength == text.Length) characters.Add(rune, id);
        return characters;
    }

    /// <summary>Tokens whose bytes are whole characters, by that text; no piece of a text is ever anything else.</summary>
    private static Dictionary<string, int> WordsOfBytes(BpeVocabulary vocabulary)
    {
        var words = new Dictionary<string, int>(vocabulary.Ids.Count, StringComparer.Ordinal);
        foreach (var (text, id) in vocabulary.Ids)
            if (ByteAlphabet.TryBytes(text, out var bytes) && System.Text.Unicode.Utf8.IsValid(bytes)) words.Add(Encoding.UTF8.GetString(bytes), id);
        return words;
    }

    /// <summary>
    /// A text without pre-tokenizer is one word. Where no token continues past the sign of a space, words between signs
    /// merge independently: the tokens are the same, and words can be remembered.
    /// </summary>
    private static MetaspaceSplitter? WordBoundary(BpeDescription model)
    {
        const char sign = '▁';
        if (!model.ByteFallback || model.IgnoreMerges) return null;
        return model.Merges.All(merge => !model.Vocabulary.Texts[merge.Merged].TrimStart(sign).Contains(sign, StringComparison.Ordinal))
            ? new MetaspaceSplitter(sign, everySign: false)
            : null;
    }

    private static string?[] Texts(BpeVocabulary vocabulary, IReadOnlyList<AddedToken> added)
    {
        var last = vocabulary.Texts.Keys.Concat(added.Select(token => token.Id)).DefaultIfEmpty(-1).Max();
        var texts = new string?[last + 1];
        foreach (var (id, text) in vocabulary.Texts) texts[id] = text;
        foreach (var token in added) texts[token.Id] = token.Content;
        return texts;
    }
}
