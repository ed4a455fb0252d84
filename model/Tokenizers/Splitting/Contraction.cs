namespace KnapsackCloud.Model.Tokenizers.Splitting;

/// <summary>The English endings <c>'s 't 're 've 'm 'll 'd</c> at the start of a text.</summary>
internal static class Contraction
{
    /// <summary>Length of the ending, apostrophe included; 0 when there is none.</summary>
    /// <param name="ignoreCase">As Unicode folds case, so that also the long s (U+017F) is an s.</param>
    public static int Length(ReadOnlySpan<char> text, bool ignoreCase)
    {
        if (text.Length < 2 || text[0] != '\'') return 0;
        var first = Fold(text[1], ignoreCase);
        if (first is 's' or 't' or 'm' or 'd') return 2;
        if (text.Length < 3) return 0;
        return (first, Fold(text[2], ignoreCase)) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    private static char Fold(char letter, bool ignoreCase) => letter switch
    {
        _ when !ignoreCase => letter,
        >= 'A' and <= 'Z' => (char)(letter | 0x20),
        '\u017F' => 's',
        _ => letter,
    };
}
