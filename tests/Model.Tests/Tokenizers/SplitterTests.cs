using System.Text.RegularExpressions;
using CsCheck;
using KnapsackCloud.Model.Tokenizers.Splitting;

namespace KnapsackCloud.Model.Tests.Tokenizers;

public class SplitterTests
{
    private static readonly Dictionary<string, ISplitter> Splitters = new()
    {
        [SmallTokenizers.QwenPattern] = new Llama3Splitter(digits: 1),
        [SmallTokenizers.Llama3Pattern] = new Llama3Splitter(digits: 3),
        [SmallTokenizers.Gpt2Pattern] = new Gpt2Splitter(),
    };

    [Theory]
    [InlineData(SmallTokenizers.QwenPattern)]
    [InlineData(SmallTokenizers.Llama3Pattern)]
    [InlineData(SmallTokenizers.Gpt2Pattern)]
    public void A_splitter_cuts_where_its_pattern_matches(string pattern)
    {
        var regex = new Regex(pattern, RegexOptions.CultureInvariant);
        // The long s is an s only to the reference's case folding, which has its own test.
        TextGen.BasicPlane.Where(text => !text.Contains('ſ', StringComparison.Ordinal))
            .Sample(text => Assert.Equal(regex.Matches(text).Select(match => match.Value), Pieces(Splitters[pattern], text)), iter: 5000);
    }

    [Fact]
    public void Every_piece_is_whole_characters_and_together_they_are_the_text() => TextGen.Text.Sample(text =>
    {
        foreach (var splitter in Splitters.Values.Append(new DigitSplitter(individual: true)).Append(new DigitSplitter(individual: false)))
        {
            var pieces = Pieces(splitter, text).ToList();
            Assert.Equal(text, string.Concat(pieces));
            Assert.DoesNotContain(pieces, piece => piece.Length == 0 || char.IsLowSurrogate(piece[0]));
        }
    });

    [Theory]
    [InlineData("x𐐀y 𝟙𝟚𝟛𝟜", "x𐐀y| |𝟙𝟚𝟛|𝟜")]
    [InlineData("!𐐀", "!𐐀")]
    [InlineData("it'ſ", "it|'ſ")]
    [InlineData("'Re", "'Re")]
    [InlineData("a \n \n  b", "a| \n \n| | b")]
    [InlineData("👍🏽\r\n!", "👍🏽\r\n|!")]
    public void Llama_3_cuts_characters_outside_the_basic_plane_like_any_other(string text, string pieces) =>
        Assert.Equal(pieces.Split('|'), Pieces(Splitters[SmallTokenizers.Llama3Pattern], text));

    [Theory]
    [InlineData(true, "a1|2|b", "a|1|2|b")]
    [InlineData(false, "a12b٣", "a|12|b|٣")]
    public void Digits_stand_alone_or_together(bool individual, string text, string pieces) =>
        Assert.Equal(pieces.Split('|'), Pieces(new DigitSplitter(individual), text.Replace("|", "", StringComparison.Ordinal)));

    [Theory]
    [InlineData(true, "a▁▁b▁c", "a,▁,▁b,▁c")]
    [InlineData(false, "a▁▁b▁c", "a,▁▁b,▁c")]
    public void Metaspace_starts_pieces(bool everySign, string text, string pieces) =>
        Assert.Equal(pieces.Split(','), Pieces(new MetaspaceSplitter('▁', everySign), text));

    private static IEnumerable<string> Pieces(ISplitter splitter, string text)
    {
        for (var start = 0; start < text.Length;)
        {
            var end = splitter.PieceEnd(text, start);
            yield return text[start..end];
            start = end;
        }
    }
}
