using KnapsackCloud.Model.Tokenizers.Added;

namespace KnapsackCloud.Model.Tests.Tokenizers;

public class AddedTokenTests
{
    [Theory]
    [InlineData("a<b><b>c", "a|{1}|{1}|c")]
    [InlineData("<b>!", "{2}")]
    [InlineData("<<b>", "<|{1}")]
    [InlineData("<b", "<b")]
    [InlineData("", "")]
    public void The_leftmost_and_of_several_the_longest_is_found(string text, string parts) =>
        Assert.Equal(parts, Split(text, Token(1, "<b>"), Token(2, "<b>!")));

    [Fact]
    public void Whitespace_around_a_token_is_taken_along_where_it_says_so()
    {
        Assert.Equal("a|{1}| b", Split("a \n<x> b", Token(1, "<x>") with { LeftStrip = true }));
        Assert.Equal("a |{1}|b", Split("a <x>\t b", Token(1, "<x>") with { RightStrip = true }));
        Assert.Equal("{1}|{1}", Split("<x> <x>", Token(1, "<x>") with { LeftStrip = true, RightStrip = true }));
    }

    [Theory]
    [InlineData("the cat, the", "{1}| cat, |{1}")]
    [InlineData("other thee", "other thee")]
    [InlineData("éthe the_", "éthe the_")]
    public void A_single_word_stands_alone(string text, string parts) =>
        Assert.Equal(parts, Split(text, Token(1, "the") with { SingleWord = true }));

    [Fact]
    public void A_normalised_token_is_looked_for_in_the_normalised_text()
    {
        var file = SmallTokenizers.ByteLevel();
        file["added_tokens"]!.AsArray().Add(System.Text.Json.Nodes.JsonNode.Parse("""{ "id": 266, "content": "cafe\u0301", "normalized": true, "special": false }"""));
        Assert.Equal([266, 266], file.Load().Encode("caféCafe\u0301"[..4] + "cafe\u0301"));
    }

    private static AddedToken Token(int id, string content) => new(id, content, false, false, false, false, true);

    private static string Split(string text, params AddedToken[] tokens) =>
        string.Join('|', new AddedTokenMatcher(tokens.Select(token => (token.Content, token))).Split(text).Select(part => part.TokenId is { } id ? $"{{{id}}}" : text[part.Range]));
}
