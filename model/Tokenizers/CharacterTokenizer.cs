using System.Text;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Tasks;

namespace KnapsackCloud.Model.Tokenizers;

/// <summary>One token per Unicode character of a fixed vocabulary, and the special tokens padding and end of sequence. Immutable.</summary>
/// <remarks>Special tokens in a text are not recognised: text from outside cannot end a sequence.</remarks>
public sealed class CharacterTokenizer : ITokenizer
{
    private readonly Dictionary<Rune, int> _ids = [];
    private readonly string[] _texts;

    /// <param name="vocabulary">Token n is the n-th; each one character, except the two special ones.</param>
    /// <exception cref="ArgumentException">A token is no single character or is there twice, or a special token is missing.</exception>
    public CharacterTokenizer(IReadOnlyList<string> vocabulary, string padToken, string eosToken)
    {
        Vocabulary = [.. vocabulary];
        (PadToken, EosToken) = (padToken, eosToken);
        (PadId, EosId) = (SpecialId(padToken), SpecialId(eosToken));
        if (PadId == EosId) throw new ArgumentException("padding and end of sequence must be two tokens", nameof(eosToken));
        _texts = [.. Vocabulary.Select((token, id) => IsSpecial(id) ? "" : token)];
        for (var id = 0; id < Vocabulary.Count; id++)
        {
            if (!IsSpecial(id) && !_ids.TryAdd(SingleRune(Vocabulary[id]), id))
                throw new ArgumentException($"the vocabulary has '{Vocabulary[id]}' twice", nameof(vocabulary));
        }
    }

    /// <summary>The 16 tokens of the built-in arithmetic tasks.</summary>
    public static CharacterTokenizer Arithmetic { get; } =
        new(["<pad>", "<eos>", .. WarmupAlphabet.Characters.Select(c => c.ToString())], "<pad>", "<eos>");

    public IReadOnlyList<string> Vocabulary { get; }
    public string PadToken { get; }
    public string EosToken { get; }
    public int PadId { get; }
    public int EosId { get; }

    public int[] Encode(string text)
    {
        var ids = new List<int>(text.Length);
        for (var at = 0; at < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, at, out var rune) || !_ids.TryGetValue(rune, out var id))
                throw new FormatException($"character {at + 1} of the text, '{(rune == default ? "half a surrogate pair" : rune)}', is not in the vocabulary: {string.Concat(_texts)}");
            ids.Add(id);
            at += rune.Utf16SequenceLength;
        }

        return [.. ids];
    }

    /// <summary>
    /// Special tokens are left out. Ids beyond the vocabulary become U+FFFD: a model may have more outputs than its
    /// tokenizer has tokens, and what it says with them must not read like a right answer.
    /// </summary>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var text = new StringBuilder(ids.Length);
        foreach (var id in ids) text.Append((uint)id < (uint)_texts.Length ? _texts[id] : "\uFFFD");
        return text.ToString();
    }

    private bool IsSpecial(int id) => id == PadId || id == EosId;

    private int SpecialId(string token) => Vocabulary.Index().Where(item => item.Item == token).Select(item => item.Index).ToList() switch
    {
        [var id] => id,
        [] => throw new ArgumentException($"the special token '{token}' is not in the vocabulary", nameof(token)),
        _ => throw new ArgumentException($"the special token '{token}' is in the vocabulary twice", nameof(token)),
    };

    private static Rune SingleRune(string token) =>
        Rune.TryGetRuneAt(token + "\0", 0, out var rune) && rune.Utf16SequenceLength == token.Length
            ? rune
            : throw new ArgumentException($"token '{token}' is not one character", nameof(token));
}
