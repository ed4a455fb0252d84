using System.Text;

namespace KnapsackCloud.Model.Tokenizers.Decoding;

/// <summary>How the tokens of a SentencePiece-style vocabulary become text. Immutable.</summary>
/// <param name="TextOfId">By token id, replacements done; null where there is no token.</param>
/// <param name="FirstTextOfId">The same for the first token of a text.</param>
/// <param name="ByteOfId">The byte that a token such as <c>&lt;0x0A&gt;</c> stands for; null without such tokens.</param>
/// <param name="Strip">This character is left out up to <paramref name="StripCount"/> times at the start of the text.</param>
internal sealed record PieceDecoder(string?[] TextOfId, string?[] FirstTextOfId, byte?[]? ByteOfId, char Strip, int StripCount);

/// <summary>
/// Tokens are texts or single bytes. A run of byte tokens is held back to its end, for it is UTF-8 as a whole or every
/// byte of it is U+FFFD, as the reference has it.
/// </summary>
internal sealed class PieceDecoding(PieceDecoder decoder) : TokenDecoding
{
    private readonly List<byte> _bytes = [];
    private int _toStrip = decoder.StripCount;
    private bool _started;

    public override void Append(int id, StringBuilder text)
    {
        if (id >= decoder.TextOfId.Length) return;
        if (decoder.ByteOfId?[id] is { } value)
        {
            _bytes.Add(value);
            _started = true;
            return;
        }

        if ((_started ? decoder.TextOfId : decoder.FirstTextOfId)[id] is not { } piece) return;
        _started = true;
        Finish(text);
        Write(piece, text);
    }

    public override void Finish(StringBuilder text)
    {
        if (_bytes.Count == 0) return;
        Write(BytesAsText(), text);
        _bytes.Clear();
    }

    private string BytesAsText()
    {
        var bytes = _bytes.ToArray();
        return System.Text.Unicode.Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : new string('\uFFFD', bytes.Length);
    }

    private void Write(string piece, StringBuilder text)
    {
        var start = 0;
        while (_toStrip > 0 && start < piece.Length)
        {
            if (piece[start] != decoder.Strip) _toStrip = 0;
            else (_toStrip, start) = (_toStrip - 1, start + 1);
        }

        text.Append(piece.AsSpan(start));
    }
}
