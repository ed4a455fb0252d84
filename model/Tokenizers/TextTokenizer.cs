using System.Text;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Model.Tokenizers.Added;
using KnapsackCloud.Model.Tokenizers.Bpe;
using KnapsackCloud.Model.Tokenizers.Decoding;
using KnapsackCloud.Model.Tokenizers.Normalizing;
using KnapsackCloud.Model.Tokenizers.Splitting;
using KnapsackCloud.Model.Tokenizers.Templates;

namespace KnapsackCloud.Model.Tokenizers;

/// <summary>
/// The tokenizer of a published model: byte-level or SentencePiece-style byte-pair encoding, token for token what the
/// reference implementation of tokenizer.json gives. Immutable and thread-safe.
/// </summary>
/// <remarks>A text with half a surrogate pair is read as if U+FFFD stood there.</remarks>
public sealed class TextTokenizer : ITokenizer
{
    private readonly TokenizerParts _parts;

    internal TextTokenizer(TokenizerParts parts) => _parts = parts;

    /// <summary>Writes conversations; without it there are none.</summary>
    internal ChatSupport Chat { get; init; } = ChatSupport.None;

    /// <summary>As the reference without template: added tokens in the text are recognised, nothing is put around it.</summary>
    public int[] Encode(string text) => Encode(text, EncodeOptions.AddedTokens);

    /// <inheritdoc/>
    public int[] EncodePrompt(string text, PromptFormat format) =>
        format.Chat ? Encode(Chat.Write(text, format.System), EncodeOptions.AddedTokens) : Encode(text, EncodeOptions.AddedTokens | EncodeOptions.Template);

    /// <exception cref="FormatException">The text has a character that the vocabulary has neither as such nor as bytes nor as unknown.</exception>
    public int[] Encode(string text, EncodeOptions options)
    {
        text = WellFormed(text);
        var ids = new List<int>(text.Length / 3 + 4);
        if (options.HasFlag(EncodeOptions.Template)) ids.AddRange(_parts.Template.Before);
        var recognise = options.HasFlag(EncodeOptions.AddedTokens);
        foreach (var segment in Segments(_parts.AddedTokens, text, recognise))
        {
            if (segment.TokenId is { } id) ids.Add(id);
            else EncodeSegment(text[segment.Range], segment.Range.Start.Value == 0, recognise, ids);
        }

        if (options.HasFlag(EncodeOptions.Template)) ids.AddRange(_parts.Template.After);
        return [.. ids];
    }

    /// <summary>Special tokens are left out, as are ids without a token, which a padded output layer can give.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is negative.</exception>
    public string Decode(ReadOnlySpan<int> ids) => Decode(ids, keepSpecialTokens: false);

    /// <exception cref="ArgumentOutOfRangeException">An id is negative.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool keepSpecialTokens)
    {
        var text = new StringBuilder();
        var decoding = _parts.StartDecoding();
        foreach (var id in ids)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(id, nameof(ids));
            if (keepSpecialTokens || !_parts.SpecialIds.Contains(id)) decoding.Append(id, text);
        }

        decoding.Finish(text);
        return text.ToString();
    }

    /// <summary>For tokens that arrive one by one.</summary>
    public StreamingDecoder StartDecoding(bool keepSpecialTokens = false) =>
        new(_parts.StartDecoding(), id => !keepSpecialTokens && _parts.SpecialIds.Contains(id));

    public Func<int, string> StartText() => StartDecoding().Append;

    private void EncodeSegment(string text, bool first, bool recognise, List<int> ids)
    {
        foreach (var normalizer in _parts.Normalizers) text = normalizer.Apply(text);
        foreach (var segment in Segments(_parts.NormalizedAddedTokens, text, recognise))
        {
            if (segment.TokenId is { } id)
            {
                ids.Add(id);
                continue;
            }

            var piece = text.AsSpan(segment.Range);
            if (_parts.Metaspace is { } metaspace) piece = metaspace.Apply(piece, first && segment.Range.Start.Value == 0);
            EncodePieces(piece, _parts.Splitters, ids);
        }
    }

    private void EncodePieces(ReadOnlySpan<char> text, ReadOnlySpan<ISplitter> splitters, List<int> ids)
    {
        if (splitters.IsEmpty)
        {
            _parts.Model.Encode(text, ids);
            return;
        }

        for (var start = 0; start < text.Length;)
        {
            var end = splitters[0].PieceEnd(text, start);
            EncodePieces(text[start..end], splitters[1..], ids);
            start = end;
        }
    }

    private static IEnumerable<Segment> Segments(AddedTokenMatcher added, string text, bool recognise) =>
        recognise ? added.Split(text) : text.Length > 0 ? [new Segment(.., null)] : [];

    private static string WellFormed(string text)
    {
        for (var at = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF'); at >= 0 && at < text.Length; at++)
        {
            if (!char.IsSurrogate(text[at])) continue;
            if (!Rune.TryGetRuneAt(text, at, out _)) return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            at++;
        }

        return text;
    }
}

/// <summary>What a tokenizer.json describes, ready for use. Immutable, thread-safe.</summary>
internal sealed record TokenizerParts
{
    public required AddedTokenMatcher AddedTokens { get; init; }

    /// <summary>Those looked for after normalisation.</summary>
    public required AddedTokenMatcher NormalizedAddedTokens { get; init; }

    public required IReadOnlySet<int> SpecialIds { get; init; }
    public required INormalizer[] Normalizers { get; init; }
    public required MetaspacePrefix? Metaspace { get; init; }

    /// <summary>From coarse to fine; each cuts the pieces of the one before.</summary>
    public required ISplitter[] Splitters { get; init; }

    public required BpeModel Model { get; init; }
    public required TemplateTokens Template { get; init; }
    public required Func<TokenDecoding> StartDecoding { get; init; }
}

/// <summary>Special tokens that go around a text.</summary>
internal sealed record TemplateTokens(int[] Before, int[] After)
{
    public static TemplateTokens None { get; } = new([], []);
}
