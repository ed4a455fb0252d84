namespace KnapsackCloud.Model.Tokenizers.Splitting;

/// <summary>Cuts a text into pieces that cover it without gaps; merges never cross from one piece into the next. Pure, linear in the text.</summary>
internal interface ISplitter
{
    /// <summary>End of the piece that starts at a position; always after it.</summary>
    int PieceEnd(ReadOnlySpan<char> text, int start);
}
