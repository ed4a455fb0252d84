using CsCheck;
using KnapsackCloud.Model.Tokenizers;

namespace KnapsackCloud.Model.Tests.Tokenizers;

public class StreamingDecoderTests
{
    private static readonly TextTokenizer ByteLevel = SmallTokenizers.ByteLevel().Load();
    private static readonly TextTokenizer SentencePiece = SmallTokenizers.SentencePiece().Load();

    [Fact]
    public void What_comes_piece_by_piece_is_what_comes_at_once() => Gen.Select(Gen.Int[0, 300].Array[0, 40], Gen.Bool).Sample((ids, keep) =>
    {
        foreach (var tokenizer in (TextTokenizer[])[ByteLevel, SentencePiece])
            Assert.Equal(tokenizer.Decode(ids, keep), string.Concat(Pieces(tokenizer, ids, keep)));
    });

    [Fact]
    public void A_character_is_never_broken() => TextGen.Text.Sample(text =>
    {
        text = text.Replace("\uFFFD", "", StringComparison.Ordinal);
        foreach (var piece in Pieces(ByteLevel, ByteLevel.Encode(text), keep: true))
        {
            Assert.DoesNotContain('\uFFFD', piece);
            Assert.False(piece.Length > 0 && (char.IsLowSurrogate(piece[0]) || char.IsHighSurrogate(piece[^1])));
        }
    });

    [Fact]
    public void Text_comes_as_soon_as_it_is_certain()
    {
        Assert.Equal(["h", "", "", "", "😀", "!", ""], Pieces(ByteLevel, ['h', 0xF0, 0x9F, 0x98, 0x80, '!'], keep: false));
        Assert.Equal(["the", "", "", "", "€ the", ""], Pieces(SentencePiece, [288, 3 + 0xE2, 3 + 0x82, 3 + 0xAC, 288], keep: false));
    }

    private static List<string> Pieces(TextTokenizer tokenizer, int[] ids, bool keep)
    {
        var decoder = tokenizer.StartDecoding(keep);
        return [.. ids.Select(decoder.Append).ToList(), decoder.Finish()];
    }
}
