using CsCheck;
using KnapsackCloud.Model.Tokenizers.Normalizing;

namespace KnapsackCloud.Model.Tests.Tokenizers;

public class CanonicalCompositionTests
{
    /// <summary>Examples of Unicode Standard Annex 15 and the cases of its algorithm.</summary>
    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("e\u0301", "\u00E9")]
    [InlineData("\u212B", "\u00C5")]
    [InlineData("\u1E9B\u0323", "\u1E9B\u0323")]
    [InlineData("\u0044\u0307\u0323", "\u1E0C\u0307")]
    [InlineData("a\u0301\u0327", "\u00E1\u0327")]
    [InlineData("a\u0305\u0301", "a\u0305\u0301")]
    [InlineData("a\u0308\u0301\u0323", "\u1EA1\u0308\u0301")]
    [InlineData("\u1100\u1161\u11A8", "\uAC01")]
    [InlineData("\uAC00\u11A8", "\uAC01")]
    [InlineData("\uAC01\u11A8", "\uAC01\u11A8")]
    [InlineData("\u0958", "\u0915\u093C")]
    [InlineData("\u09C7\u09BE", "\u09CB")]
    [InlineData("\u09C7\u0301\u09BE", "\u09C7\u0301\u09BE")]
    [InlineData("\u0344", "\u0308\u0301")]
    [InlineData("\uF900", "\u8C48")]
    [InlineData("\U0002F800", "\u4E3D")]
    [InlineData("\U0001D15E", "\U0001D157\U0001D165")]
    [InlineData("\U00011935\U00011930", "\U00011938")]
    [InlineData("\u0301e", "\u0301e")]
    [InlineData("ﬁ", "ﬁ")]
    public void A_text_is_composed_as_unicode_defines(string text, string composed) => Assert.Equal(composed, CanonicalComposition.Normalize(text));

    [Fact]
    public void Normalising_again_changes_nothing() =>
        TextGen.Text.Select(CanonicalComposition.Normalize).Sample(text => CanonicalComposition.Normalize(text) == text);

    [Fact]
    public void A_text_with_nothing_to_do_is_the_same_instance()
    {
        const string text = "Ünïcödé 日本語 😀";
        Assert.Same(text, CanonicalComposition.Normalize(text));
    }

    [Fact]
    public void Marks_of_one_class_keep_their_order_in_a_long_run()
    {
        var above = string.Concat(Enumerable.Range(0, 500).Select(n => n % 2 == 0 ? "\u0301" : "\u0300"));
        var below = new string('\u0323', 3);
        Assert.Equal("q" + below + above, CanonicalComposition.Normalize("q" + above + below));
    }
}
