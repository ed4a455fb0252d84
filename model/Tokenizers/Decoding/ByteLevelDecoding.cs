using System.Text;

namespace KnapsackCloud.Model.Tokenizers.Decoding;

/// <summary>Tokens are bytes of UTF-8; an incomplete character waits for its end. Invalid bytes become U+FFFD.</summary>
/// <param name="bytesOfId">By token id; null where there is no token.</param>
internal sealed class ByteLevelDecoding(byte[]?[] bytesOfId) : TokenDecoding
{
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private char[] _characters = new char[64];

    public override void Append(int id, StringBuilder text)
    {
        if (id < bytesOfId.Length && bytesOfId[id] is { } bytes) Convert(bytes, flush: false, text);
    }

    public override void Finish(StringBuilder text) => Convert([], flush: true, text);

    private void Convert(ReadOnlySpan<byte> bytes, bool flush, StringBuilder text)
    {
        // One more token's worth of bytes may be waiting in the decoder.
        var most = Encoding.UTF8.GetMaxCharCount(bytes.Length + 4);
        if (_characters.Length < most) _characters = new char[2 * most];
        text.Append(_characters.AsSpan(0, _utf8.GetChars(bytes, _characters, flush)));
    }
}
