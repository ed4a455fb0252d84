using System.Globalization;

namespace KnapsackCloud.Model.Tokenizers.Normalizing;

/// <summary>Decomposition, composition and combining class of single characters. Immutable.</summary>
internal sealed class UnicodeNormalizationTables
{
    // Hangul syllables by arithmetic (The Unicode Standard, section 3.12).
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7;
    private const int Leads = 19, Vowels = 21, Tails = 28, Syllables = Leads * Vowels * Tails;

    private readonly Dictionary<int, (int First, int Second)> _decompositions = [];
    private readonly Dictionary<(int First, int Second), int> _compositions = [];
    private readonly Dictionary<int, byte> _classes = [];
    private readonly ulong[] _mayChange = new ulong[0x110000 / 64];

    private UnicodeNormalizationTables()
    {
        foreach (var (composed, parts) in Entries(UnicodeNormalizationData.Composites))
        {
            var pair = Parts(parts);
            _decompositions.Add(Hex(composed), pair);
            _compositions.Add(pair, Hex(composed));
            Flag(pair.Second);
        }

        foreach (var (codePoint, parts) in Entries(UnicodeNormalizationData.DecompositionsOnly))
        {
            _decompositions.Add(Hex(codePoint), Parts(parts));
            Flag(Hex(codePoint));
        }

        foreach (var (range, combining) in Entries(UnicodeNormalizationData.CombiningClasses))
            AddClass(range.Split('-'), byte.Parse(combining, CultureInfo.InvariantCulture));
        for (var vowel = VowelBase; vowel < VowelBase + Vowels; vowel++) Flag(vowel);
        for (var tail = TailBase + 1; tail < TailBase + Tails; tail++) Flag(tail);
    }

    public static UnicodeNormalizationTables Default { get; } = new();

    /// <summary>False where the character stands in normalisation form C whatever surrounds it, and combines with nothing before it.</summary>
    public bool MayChange(int codePoint) => (_mayChange[codePoint >> 6] >> codePoint & 1) != 0;

    public byte CombiningClass(int codePoint) => _classes.GetValueOrDefault(codePoint);

    /// <param name="second">0 when the character decomposes into one other.</param>
    public bool TryDecompose(int codePoint, out int first, out int second)
    {
        var syllable = codePoint - SyllableBase;
        if (syllable is >= 0 and < Syllables)
        {
            var tail = syllable % Tails;
            (first, second) = tail != 0
                ? (codePoint - tail, TailBase + tail)
                : (LeadBase + syllable / (Vowels * Tails), VowelBase + syllable / Tails % Vowels);
            return true;
        }

        var found = _decompositions.TryGetValue(codePoint, out var pair);
        (first, second) = pair;
        return found;
    }

    public bool TryCompose(int first, int second, out int composed)
    {
        if (first - LeadBase is >= 0 and < Leads && second - VowelBase is >= 0 and < Vowels)
        {
            composed = SyllableBase + ((first - LeadBase) * Vowels + (second - VowelBase)) * Tails;
            return true;
        }

        if (first - SyllableBase is >= 0 and < Syllables && (first - SyllableBase) % Tails == 0 && second - TailBase is > 0 and < Tails)
        {
            composed = first + second - TailBase;
            return true;
        }

        return _compositions.TryGetValue((first, second), out composed);
    }

    private void AddClass(string[] range, byte combining)
    {
        for (var codePoint = Hex(range[0]); codePoint <= Hex(range[^1]); codePoint++)
        {
            _classes.Add(codePoint, combining);
            Flag(codePoint);
        }
    }

    private void Flag(int codePoint) => _mayChange[codePoint >> 6] |= 1UL << codePoint;

    private static IEnumerable<(string Name, string Value)> Entries(string data) =>
        data.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).Select(entry => entry.Split('=')).Select(pair => (pair[0], pair[1]));

    private static (int First, int Second) Parts(string parts) =>
        parts.Split('+') is [var first, var second] ? (Hex(first), Hex(second)) : (Hex(parts), 0);

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
