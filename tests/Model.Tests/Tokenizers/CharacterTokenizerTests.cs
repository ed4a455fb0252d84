using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Tokenizers;

namespace KnapsackCloud.Model.Tests.Tokenizers;

public class CharacterTokenizerTests
{
    private static readonly CharacterTokenizer Arithmetic = CharacterTokenizer.Arithmetic;

    [Fact]
    public void The_arithmetic_vocabulary_has_sixteen_tokens()
    {
        Assert.Equal(16, Arithmetic.Vocabulary.Count);
        Assert.Equal([5, 4, 3, 2, 2, 12, 8, 15], Arithmetic.Encode("32100+6="));
        Assert.Equal((0, 1), (Arithmetic.PadId, Arithmetic.EosId));
    }

    [Fact]
    public void Any_text_of_the_vocabulary_comes_back() =>
        Gen.String[Gen.Char["0123456789+-*="], 0, 40].Sample(text => Arithmetic.Decode(Arithmetic.Encode(text)) == text);

    [Fact]
    public void Special_tokens_are_left_out_of_a_text() => Assert.Equal("12", Arithmetic.Decode([3, 0, 4, 1]));

    [Theory]
    [InlineData("1a", "character 2")]
    [InlineData("<eos>", "character 1")]
    [InlineData("\ud800", "character 1")]
    public void A_character_outside_the_vocabulary_is_refused_with_its_place(string text, string place) =>
        Assert.Contains(place, Assert.Throws<FormatException>(() => Arithmetic.Encode(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_id_outside_the_vocabulary_shows_as_unreadable() => Assert.Equal("1\uFFFD\uFFFD2", Arithmetic.Decode([3, 16, -1, 4]));

    [Fact]
    public void A_character_may_be_outside_the_basic_plane()
    {
        var tokenizer = new CharacterTokenizer(["😀", "<eos>", "é", "<pad>", "\n"], "<pad>", "<eos>");
        Assert.Equal([0, 2, 4], tokenizer.Encode("😀é\n"));
        Assert.Equal("é😀", tokenizer.Decode([2, 1, 0, 3]));
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("")]
    [InlineData("1")]
    public void A_vocabulary_of_other_than_distinct_characters_is_refused(string token) =>
        Assert.Throws<ArgumentException>(() => new CharacterTokenizer(["<pad>", "<eos>", "1", token], "<pad>", "<eos>"));

    [Fact]
    public void A_saved_tokenizer_loads_again()
    {
        using var folder = new TemporaryFolder();
        var saved = new CharacterTokenizer(["😀", "<eos>", "\"", "<pad>", "\\", "\n"], "<pad>", "<eos>");
        CharacterTokenizerFile.Files(saved).WriteTo(folder.Path);
        var loaded = Assert.IsType<CharacterTokenizer>(TokenizerLoader.Load(folder.Path));
        Assert.Equal(saved.Vocabulary, loaded.Vocabulary);
        Assert.Equal((saved.PadId, saved.EosId), (loaded.PadId, loaded.EosId));
    }

    [Fact]
    public void Another_kind_of_tokenizer_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["tokenizer.json"], """{"model":{"type":"Unigram","vocab":[]}}""");
        Assert.Contains("Unigram", Assert.Throws<InvalidInputException>(() => TokenizerLoader.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Isolated", "Removed", "isolate")]
    [InlineData("\"normalizer\": null", "\"normalizer\": {\"type\":\"NFC\"}", "normalizer")]
    [InlineData("Fuse", "ByteLevel", "Fuse")]
    [InlineData("\"*\": 14", "\"*\": 13", "13")]
    [InlineData("\"*\": 14", "\"**\": 14", "**")]
    [InlineData("\"*\": 14", "\"\\ud800\": 14", "not valid JSON")]
    public void A_word_level_tokenizer_of_another_shape_is_refused(string part, string changed, string reason)
    {
        using var folder = new TemporaryFolder();
        var files = CharacterTokenizerFile.Files(Arithmetic);
        files.WriteTo(folder.Path);
        var text = File.ReadAllText(folder["tokenizer.json"]);
        Assert.Contains(part, text, StringComparison.Ordinal);
        File.WriteAllText(folder["tokenizer.json"], text.Replace(part, changed, StringComparison.Ordinal));
        Assert.Contains(reason, Assert.Throws<InvalidInputException>(() => TokenizerLoader.Load(folder.Path)).Message, StringComparison.Ordinal);
    }
}
