using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Tokenizers;

namespace KnapsackCloud.Model.Tests.Tokenizers;

public class TokenizerRefusalTests
{
    [Theory]
    [InlineData("normalizer", """{"type":"NFKC"}""", "normalizer.type", "'NFKC' is not supported; supported: NFC")]
    [InlineData("normalizer", """{"type":"Replace","pattern":{"Regex":" +"},"content":""}""", "normalizer.pattern.Regex", "String")]
    [InlineData("normalizer", """{"type":"Prepend","prepend":""}""", "normalizer.prepend", "0 characters")]
    [InlineData("normalizer", """{"type":"NFC","strict":true}""", "normalizer.strict", "not known")]
    [InlineData("normalizer", "[]", "normalizer", "must be an object")]
    [InlineData("pre_tokenizer", """{"type":"Whitespace"}""", "pre_tokenizer.type", "'Whitespace' is not supported; supported: ByteLevel")]
    [InlineData("pre_tokenizer.pretokenizers.0.pattern.Regex", "\"(a+)+$\"", "pre_tokenizer.pretokenizers[0].pattern", "(a+)+$")]
    [InlineData("pre_tokenizer.pretokenizers.0.behavior", "\"Removed\"", "pre_tokenizer.pretokenizers[0].behavior", "Isolated")]
    [InlineData("pre_tokenizer.pretokenizers.0", """{"type":"ByteLevel"}""", "pre_tokenizer.pretokenizers[1].type", "must be last")]
    [InlineData("pre_tokenizer.pretokenizers.1.add_prefix_space", "true", "add_prefix_space", "only false")]
    [InlineData("decoder", """{"type":"WordPiece"}""", "decoder.type", "'WordPiece'")]
    [InlineData("decoder", "null", "decoder", "is missing")]
    [InlineData("post_processor", """{"type":"BertProcessing"}""", "post_processor.type", "'BertProcessing' is not supported")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}}],"special_tokens":{}}""", "post_processor.single", "0 times")]
    [InlineData("truncation", """{"max_length":512}""", "truncation", "would be cut")]
    [InlineData("model.dropout", "0.1", "model.dropout", "at random")]
    [InlineData("model.unk_token", "\"<none>\"", "model.unk_token", "'<none>' is not in the vocabulary")]
    [InlineData("model.byte_fallback", "true", "model.byte_fallback", "<0x00>")]
    [InlineData("model.vocab.he", "2000000000", "model.vocab", "2000000000")]
    [InlineData("model.vocab.he", "7", "model.vocab", "has the id 7, which")]
    [InlineData("model.vocab.he", "-1", "model.vocab", "whole numbers")]
    [InlineData("model.vocab", "{}", "model.vocab", "is empty")]
    [InlineData("model.merges.0", """["h","₤"]""", "model.merges[0]", "'₤', which is not in the vocabulary")]
    [InlineData("model.merges.0", """["z","z"]""", "model.merges[0]", "gives 'zz', which is not")]
    [InlineData("model.merges.0", """["","h"]""", "model.merges[0]", "would never end")]
    [InlineData("model.merges.0", """["l","l"]""", "model.merges[1]", "twice")]
    [InlineData("model.merges.0", "\"h e l\"", "model.merges[0]", "one space")]
    [InlineData("added_tokens.1.id", "264", "added_tokens[1].id", "264 is there twice")]
    [InlineData("added_tokens.1.id", "7", "added_tokens[1].id", "in the vocabulary")]
    [InlineData("added_tokens.1.content", "\"<|end|>\"", "added_tokens[1].content", "twice")]
    [InlineData("added_tokens.1.content", "\"\"", "added_tokens[1].content", "0 characters")]
    [InlineData("added_tokens.1.content", "\"he\"", "added_tokens[1].id", "has the id 256")]
    public void What_is_wrong_or_unsupported_is_refused_with_its_place(string member, string value, string place, string reason)
    {
        var refused = Assert.Throws<InvalidInputException>(() => SmallTokenizers.ByteLevel().With(member, JsonNode.Parse(value)).Load());
        Assert.Contains(refused.Errors, error => error.ToString().Contains(place, StringComparison.Ordinal) && error.ToString().Contains(reason, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("decoder.decoders.2.type", "\"ByteFallback\"", "not supported here")]
    [InlineData("decoder.decoders.3.stop", "1", "only 0")]
    [InlineData("post_processor.special_tokens", "{}", "'<s>' is not among")]
    [InlineData("pre_tokenizer", """{"type":"ByteLevel"}""", "nothing to fall back from")]
    public void The_same_holds_for_a_sentence_piece_file(string member, string value, string reason)
    {
        var refused = Assert.Throws<InvalidInputException>(() => SmallTokenizers.SentencePiece().With(member, JsonNode.Parse(value)).Load());
        Assert.Contains(refused.Errors, error => error.ToString().Contains(reason, StringComparison.Ordinal));
    }

    [Fact]
    public void Everything_wrong_is_told_at_once()
    {
        var file = SmallTokenizers.ByteLevel().With("normalizer", new JsonObject { ["type"] = "NFD" }).With("padding", new JsonObject()).With("model.merges.3", "x");
        Assert.Equal(3, Assert.Throws<InvalidInputException>(() => file.Load()).Errors.Count);
    }

    [Fact]
    public void A_token_given_twice_is_refused()
    {
        var json = SmallTokenizers.ByteLevel().ToJsonString().Replace("\"vocab\":{", "\"vocab\":{\"!\":300,", StringComparison.Ordinal);
        Assert.Contains("'!' is there twice", Assert.Throws<InvalidInputException>(() => SmallTokenizers.Load(json)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_is_refused_or_read_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        byte[][] files = [.. new[] { SmallTokenizers.ByteLevel(), SmallTokenizers.SentencePiece() }.Select(file => Encoding.UTF8.GetBytes(file.ToJsonString()))];
        var refused = 0;
        Gen.Select(Gen.Int[0, 1], Gen.Select(Gen.Int[0, 1 << 20], TextGen.OneOf<byte>([.. "\"{}[],:0189-ex\\ "u8, 0, 0xC3, 0xFF])).Array[1, 3], Gen.Int[0, 40]).Sample((which, changes, cut) =>
        {
            var bytes = (byte[])files[which].Clone();
            foreach (var (at, value) in changes) bytes[at % bytes.Length] = value;
            if (cut == 0) bytes = bytes[..(changes[0].Item1 % bytes.Length)];
            File.WriteAllBytes(folder["tokenizer.json"], bytes);
            try
            {
                var tokenizer = (TextTokenizer)TokenizerLoader.Load(folder.Path);
                tokenizer.Decode(tokenizer.Encode("hello the world <|end|> é€😀"));
            }
            catch (Exception e) when (e is InvalidInputException or FormatException)
            {
                refused++;
            }
        }, iter: 10_000, threads: 1);
        Assert.InRange(refused, 1000, 9999);
    }
}
