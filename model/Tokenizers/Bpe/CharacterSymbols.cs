using System.Text;

namespace KnapsackCloud.Model.Tokenizers.Bpe;

/// <summary>Every character is a symbol; one outside the vocabulary falls back to its UTF-8 bytes or to the unknown token.</summary>
/// <param name="idOfByte">256 token ids, or null when there is no fallback to bytes.</param>
internal sealed class CharacterSymbols(IReadOnlyDictionary<Rune, int> idOfCharacter, int[]? idOfByte, UnknownToken unknown) : ISymbols
{
    public int Fill(ReadOnlySpan<char> piece, Span<int> ids)
    {
        var (count, afterUnknown) = (0, false);
        Span<byte> bytes = stackalloc byte[4];
        foreach (var character in piece.EnumerateRunes())
        {
            var known = true;
            if (idOfCharacter.TryGetValue(character, out var id)) ids[count++] = id;
            else if (idOfByte is not null) foreach (var part in bytes[..character.EncodeToUtf8(bytes)]) ids[count++] = idOfByte[part];
            else (known, count) = (false, unknown.Add(ids, count, afterUnknown, $"the character '{character}' (U+{character.Value:X4})"));
            afterUnknown = !known;
        }

        return count;
    }
}
