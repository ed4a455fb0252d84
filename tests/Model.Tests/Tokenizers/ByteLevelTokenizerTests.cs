using System.Text.Json.Nodes;
using CsCheck;
using KnapsackCloud.Model.Tokenizers;
using KnapsackCloud.Model.Tokenizers.Normalizing;

namespace KnapsackCloud.Model.Tests.Tokenizers;

public class ByteLevelTokenizerTests
{
    private static readonly TextTokenizer Small = SmallTokenizers.ByteLevel().Load();

    [Theory]
    [InlineData("hello world", new[] { 259, 262, 'l', 'd' })]
    [InlineData("help", new[] { 256, 'l', 'p' })]
    [InlineData("hellhello", new[] { 258, 259 })]
    [InlineData("", new int[0])]
    [InlineData("é", new[] { 263 })]
    [InlineData("e\u0301", new[] { 263 })]
    [InlineData("\U0001F600", new[] { 0xF0, 0x9F, 0x98, 0x80 })]
    [InlineData("l l", new int[] { 'l', ' ', 'l' })]
    [InlineData("wo\nrld", new int[] { 'w', 'o', '\n', 'r', 'l', 'd' })]
    public void A_text_becomes_the_tokens_that_merging_by_hand_gives(string text, int[] ids) => Assert.Equal(ids, Small.Encode(text));

    [Fact]
    public void Any_text_comes_back_up_to_normalisation()
    {
        var raw = SmallTokenizers.ByteLevel().With("normalizer", null).Load();
        TextGen.Text.Sample(text =>
        {
            Assert.Equal(CanonicalComposition.Normalize(text), Small.Decode(Small.Encode(text, EncodeOptions.None)));
            Assert.Equal(text, raw.Decode(raw.Encode(text, EncodeOptions.None)));
        });
    }

    [Fact]
    public void Half_a_surrogate_pair_reads_as_the_replacement_character()
    {
        Assert.Equal("a\uFFFDb😀", Small.Decode(Small.Encode("a\ud800b😀")));
        var wholeWord = SmallTokenizers.ByteLevel().With("model.vocab.ï¿½", 266).With("model.ignore_merges", true).Load();
        Assert.Equal([266], wholeWord.Encode("\udc00"));
    }

    [Fact]
    public void Added_tokens_in_a_text_are_found_and_special_ones_left_out_of_decoded_text()
    {
        int[] ids = ['h', 'i', 264, 265, 259];
        Assert.Equal(ids, Small.Encode("hi<|end|><think>hello"));
        Assert.Equal("hi<think>hello", Small.Decode(ids));
        Assert.Equal("hi<|end|><think>hello", Small.Decode(ids, keepSpecialTokens: true));
    }

    [Fact]
    public void Text_from_outside_cannot_spell_a_special_token() =>
        Assert.Equal("<|end|><think>".Select(letter => (int)letter), SmallTokenizers.ByteLevel().With("model.merges", new JsonArray()).Load().Encode("<|end|><think>", EncodeOptions.None));

    [Fact]
    public void Whole_words_are_taken_before_merges_where_the_file_says_so()
    {
        var file = SmallTokenizers.ByteLevel().With("model.vocab.abc", 266).With("model.vocab.dÃ©f", 267);
        Assert.Equal(['a', 'b', 'c'], file.Load().Encode("abc"));
        var ignoring = file.With("model.ignore_merges", true).Load();
        Assert.Equal([266, 'd', 263, 'f', 'x'], ignoring.Encode("abc").Concat(ignoring.Encode("défx")));
        Assert.Equal([267], ignoring.Encode("déf"));
    }

    [Fact]
    public void Merges_may_be_written_with_a_space()
    {
        var file = SmallTokenizers.ByteLevel().With("model.merges", new JsonArray("h e", "l l", "he ll", "hell o"));
        Assert.Equal([259, '!'], file.Load().Encode("hello!"));
    }

    [Fact]
    public void A_byte_without_a_token_is_refused_or_unknown()
    {
        var file = SmallTokenizers.ByteLevel();
        file["model"]!["vocab"]!.AsObject().Remove("z");
        Assert.Contains("0x7A", Assert.Throws<FormatException>(() => file.Load().Encode("az")).Message, StringComparison.Ordinal);
        file.With("model.vocab.<unk>", (int)'z').With("model.unk_token", "<unk>");
        Assert.Equal(['a', 'z', 'z', 'b'], file.Load().Encode("azzb"));
        Assert.Equal(['a', 'z', 'b'], file.With("model.fuse_unk", true).Load().Encode("azzb"));
    }

    [Fact]
    public void Ids_without_a_token_decode_to_nothing_and_negative_ones_are_refused()
    {
        Assert.Equal("hi", Small.Decode(['h', 5000, 'i']));
        Assert.Throws<ArgumentOutOfRangeException>(() => Small.Decode([-1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Small.StartDecoding().Append(-1));
    }

    [Fact]
    public void Bytes_that_are_no_character_decode_as_the_replacement_character() => Assert.Equal("a\uFFFDb", Small.Decode(['a', 0xF0, 0x9F, 'b']));

    [Fact]
    public void Many_threads_get_what_one_gets()
    {
        string[] texts = [.. Enumerable.Range(0, 300).Select(n => $"hello world {n % 50} hell")];
        var expected = texts.Select(text => SmallTokenizers.ByteLevel().Load().Encode(text)).Take(50).ToArray();
        var shared = SmallTokenizers.ByteLevel().Load();
        Parallel.For(0, texts.Length, n => Assert.Equal(expected[n % 50], shared.Encode(texts[n])));
    }
}
