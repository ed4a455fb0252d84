namespace KnapsackCloud.Model.Tokenizers.Splitting;

/// <summary>Cuts numbers from the rest.</summary>
/// <param name="individual">Every digit is a piece of its own.</param>
internal sealed class DigitSplitter(bool individual) : ISplitter
{
    public int PieceEnd(ReadOnlySpan<char> text, int start)
    {
        var isNumber = CharacterKinds.At(text, start, out var length) == CharacterKind.Number;
        var end = start + length;
        if (isNumber && individual) return end;
        while (end < text.Length && (CharacterKinds.At(text, end, out length) == CharacterKind.Number) == isNumber) end += length;
        return end;
    }
}
