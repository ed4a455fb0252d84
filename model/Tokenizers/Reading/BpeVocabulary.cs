namespace KnapsackCloud.Model.Tokenizers.Reading;

/// <summary>The tokens of a BPE model, ids and texts one to one.</summary>
internal sealed class BpeVocabulary
{
    /// <summary>Far above any published vocabulary; tables by id stay small whatever a file says.</summary>
    public const int MaxId = (1 << 22) - 1;

    private readonly Dictionary<int, string> _texts;

    public BpeVocabulary(int capacity) => (Ids, _texts) = (new Dictionary<string, int>(capacity, StringComparer.Ordinal), new Dictionary<int, string>(capacity));

    /// <summary>By the token's text as the file writes it.</summary>
    public Dictionary<string, int> Ids { get; }

    public IReadOnlyDictionary<int, string> Texts => _texts;

    /// <returns>What is wrong; null when the token was added.</returns>
    public string? Add(string text, int id)
    {
        if (_texts.TryGetValue(id, out var other)) return $"has the id {id}, which '{other}' has too";
        if (!Ids.TryAdd(text, id)) return "is there twice";
        _texts.Add(id, text);
        return null;
    }

    /// <returns>Why a token of this text cannot have this id; null when it can.</returns>
    public string? Conflict(string text, int id)
    {
        if (Ids.TryGetValue(text, out var known)) return known == id ? null : $"is {id}, but '{text}' has the id {known} in the vocabulary";
        return _texts.TryGetValue(id, out var other) ? $"is {id}, which is '{other}' in the vocabulary" : null;
    }

    /// <summary>Ids of the 256 tokens that stand for bytes; -1 where there is none.</summary>
    /// <param name="name">The token of a byte.</param>
    public int[] BytesBy(Func<byte, string> name) => [.. Enumerable.Range(0, 256).Select(value => Ids.GetValueOrDefault(name((byte)value), -1))];

    /// <summary>SentencePiece's token for a byte, such as <c>&lt;0x0A&gt;</c>.</summary>
    public static string ByteToken(byte value) => $"<0x{value:X2}>";
}
