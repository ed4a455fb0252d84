namespace KnapsackCloud.Model.Tokenizers.Splitting;

/// <summary>
/// The pattern of GPT-2, which a ByteLevel pre-tokenizer has built in:
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>
/// </summary>
internal sealed class Gpt2Splitter : ISplitter
{
    public int PieceEnd(ReadOnlySpan<char> text, int start)
    {
        if (Contraction.Length(text[start..], ignoreCase: false) is > 0 and var contraction) return start + contraction;
        var first = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        var kind = CharacterKinds.At(text, first, out _);
        return kind is CharacterKind.Space or CharacterKind.LineBreak
            ? Whitespace.PieceEnd(text, start, breaksEndPieces: false)
            : CharacterKinds.RunEnd(text, first, kind);
    }
}
