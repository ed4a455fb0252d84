using System.Text.Json.Nodes;
using CsCheck;
using KnapsackCloud.Model.Tokenizers;

namespace KnapsackCloud.Model.Tests.Tokenizers;

public class SentencePieceTokenizerTests
{
    private const int Space = 259, The = 288, TwoSpaces = 289;

    private static readonly TextTokenizer Small = SmallTokenizers.SentencePiece().Load();

    private static int Letter(char letter) => 260 + letter - 'a';

    private static int Byte(byte value) => 3 + value;

    [Fact]
    public void A_text_becomes_the_tokens_that_merging_by_hand_gives()
    {
        Assert.Equal([The], Small.Encode("the"));
        Assert.Equal([Space, Letter('a'), The], Small.Encode("a the"));
        Assert.Equal([TwoSpaces, The], Small.Encode("  the"));
        Assert.Equal([], Small.Encode(""));
    }

    [Fact]
    public void A_character_outside_the_vocabulary_falls_back_to_its_bytes()
    {
        int[] ids = [Space, Byte(0xE2), Byte(0x82), Byte(0xAC), Byte((byte)'\n'), Letter('b')];
        Assert.Equal(ids, Small.Encode("€\nb"));
        Assert.Equal("€\nb", Small.Decode(ids));
    }

    [Fact]
    public void A_run_of_bytes_is_a_text_as_a_whole_or_not_at_all() =>
        Assert.Equal("a\uFFFD\uFFFD\uFFFDb", Small.Decode([Letter('a'), Byte((byte)'x'), Byte(0xE2), Byte(0x82), Letter('b')]));

    [Fact]
    public void The_space_that_was_put_in_front_is_taken_away_once()
    {
        Assert.Equal("the the", Small.Decode([The, The]));
        Assert.Equal(" the", Small.Decode([TwoSpaces, Letter('t'), Letter('h'), Letter('e')]));
    }

    [Fact]
    public void Every_text_between_added_tokens_is_prepared_on_its_own() =>
        Assert.Equal([1, The, 2, The], Small.Encode("<s>the</s>the"));

    [Fact]
    public void The_template_goes_around_only_when_asked_for()
    {
        Assert.Equal([1, The], Small.Encode("the", EncodeOptions.Template));
        Assert.Equal([The], Small.Encode("the", EncodeOptions.None));
    }

    [Fact]
    public void Any_text_without_the_sign_of_a_space_comes_back() =>
        TextGen.Text.Where(text => !text.Contains('▁', StringComparison.Ordinal)).Sample(text => Small.Decode(Small.Encode(text, EncodeOptions.None)) == text);

    [Fact]
    public void Words_are_cut_apart_only_where_that_changes_no_token()
    {
        // he▁ goes on past the sign of a space, so the whole text must stay one word.
        var file = SmallTokenizers.SentencePiece().With("model.vocab.he▁", 290);
        file["model"]!["merges"]!.AsArray().Insert(0, new JsonArray("h", "e"));
        file["model"]!["merges"]!.AsArray().RemoveAt(2);
        file["model"]!["merges"]!.AsArray().Insert(1, new JsonArray("he", "▁"));
        Assert.Equal([286, 290, Letter('a')], file.Load().Encode("the a"));
    }

    [Fact]
    public void Without_bytes_to_fall_back_to_a_character_is_unknown()
    {
        var file = SmallTokenizers.SentencePiece().With("model.byte_fallback", false);
        Assert.Equal([Space, 0, Letter('b')], file.Load().Encode("€€b"));
        Assert.Equal([Space, 0, 0, Letter('b')], file.With("model.fuse_unk", false).Load().Encode("€€b"));
        Assert.Contains("U+20AC", Assert.Throws<FormatException>(() => file.With("model.unk_token", null).Load().Encode("€")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("always", new[] { The, The, 2, The })]
    [InlineData("first", new[] { The, The, 2, 260 + 't' - 'a', 287 })]
    [InlineData("never", new[] { 260 + 't' - 'a', 287, The, 2, 260 + 't' - 'a', 287 })]
    public void Metaspace_puts_its_sign_in_front_as_the_file_says(string scheme, int[] ids)
    {
        var metaspace = new JsonObject { ["type"] = "Metaspace", ["replacement"] = "▁", ["prepend_scheme"] = scheme, ["split"] = true };
        var tokenizer = SmallTokenizers.SentencePiece().With("normalizer", null).With("pre_tokenizer", metaspace).With("decoder", metaspace.DeepClone()).Load();
        Assert.Equal(ids, tokenizer.Encode("the the</s>the"));
        Assert.Equal(scheme == "never" ? " the the" : "the the", tokenizer.Decode([The, The]));
    }
}
