namespace KnapsackCloud.Model.Tokenizers.Bpe;

/// <summary>
/// The characters by which byte-level vocabularies write the 256 bytes: printable Latin-1 stands for itself, the other
/// bytes for U+0100 onwards, in order.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] CharacterOfByte = Build();
    private static readonly Dictionary<char, byte> ByteOfCharacter = CharacterOfByte.Index().ToDictionary(pair => pair.Item, pair => (byte)pair.Index);

    public static char Character(byte value) => CharacterOfByte[value];

    /// <summary>The bytes that a token of a byte-level vocabulary stands for.</summary>
    /// <returns>False when it has a character outside the alphabet.</returns>
    public static bool TryBytes(string token, out byte[] bytes)
    {
        bytes = new byte[token.Length];
        for (var i = 0; i < bytes.Length; i++)
            if (!ByteOfCharacter.TryGetValue(token[i], out bytes[i])) return false;
        return true;
    }

    private static char[] Build()
    {
        var characters = new char[256];
        var next = '\u0100';
        for (var value = 0; value < 256; value++)
            characters[value] = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)value : next++;
        return characters;
    }
}
