namespace KnapsackCloud.Model.Tokenizers.Splitting;

/// <summary>How both patterns cut a run of whitespace.</summary>
internal static class Whitespace
{
    /// <summary>
    /// <c>\s+(?!\S)|\s+</c>: the whole run at the end of the text, else all but its last character, which leads the next
    /// piece; a run of one stands alone.
    /// </summary>
    /// <param name="breaksEndPieces">Before that <c>\s*[\r\n]+</c>: a run with a line break ends after its last one.</param>
    public static int PieceEnd(ReadOnlySpan<char> text, int start, bool breaksEndPieces)
    {
        var (end, afterBreak) = (start, -1);
        for (; end < text.Length; end++)
        {
            // All whitespace is in the basic plane: one unit a character.
            var kind = CharacterKinds.At(text, end, out _);
            if (kind == CharacterKind.LineBreak) afterBreak = end + 1;
            else if (kind != CharacterKind.Space) break;
        }

        if (breaksEndPieces && afterBreak > 0) return afterBreak;
        return end == text.Length || end == start + 1 ? end : end - 1;
    }
}
