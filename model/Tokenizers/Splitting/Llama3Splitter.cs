namespace KnapsackCloud.Model.Tokenizers.Splitting;

/// <summary>
/// The pattern of Llama 3 and Qwen, by hand so that no input backtracks:
/// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,n}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>
/// </summary>
/// <param name="digits">Most digits of one piece: 3 for Llama 3, 1 for Qwen.</param>
internal sealed class Llama3Splitter(int digits) : ISplitter
{
    public int PieceEnd(ReadOnlySpan<char> text, int start)
    {
        if (Contraction.Length(text[start..], ignoreCase: true) is > 0 and var contraction) return start + contraction;
        var kind = CharacterKinds.At(text, start, out var length);
        var next = start + length;
        switch (kind)
        {
            case CharacterKind.Letter:
                return CharacterKinds.RunEnd(text, next, CharacterKind.Letter);
            case CharacterKind.Number:
                return NumberEnd(text, next);
            case CharacterKind.Other or CharacterKind.Space when IsAt(text, next, CharacterKind.Letter):
                return CharacterKinds.RunEnd(text, next, CharacterKind.Letter);
            case CharacterKind.Other:
                return SymbolsEnd(text, next);
            default:
                return text[start] == ' ' && IsAt(text, next, CharacterKind.Other) ? SymbolsEnd(text, next) : Whitespace.PieceEnd(text, start, breaksEndPieces: true);
        }
    }

    private int NumberEnd(ReadOnlySpan<char> text, int at)
    {
        for (var count = 1; count < digits && at < text.Length && CharacterKinds.At(text, at, out var length) == CharacterKind.Number; count++) at += length;
        return at;
    }

    private static int SymbolsEnd(ReadOnlySpan<char> text, int at) =>
        CharacterKinds.RunEnd(text, CharacterKinds.RunEnd(text, at, CharacterKind.Other), CharacterKind.LineBreak);

    private static bool IsAt(ReadOnlySpan<char> text, int at, CharacterKind kind) => at < text.Length && CharacterKinds.At(text, at, out _) == kind;
}
