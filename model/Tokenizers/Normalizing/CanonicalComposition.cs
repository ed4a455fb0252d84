using System.Runtime.InteropServices;
using System.Text;

namespace KnapsackCloud.Model.Tokenizers.Normalizing;

/// <summary>
/// Unicode normalisation form C (Unicode Standard Annex 15): decompose, order the marks, compose. Own tables, because
/// with invariant globalisation, which spares every host the ICU library, <see cref="string.Normalize()"/> leaves texts as they are.
/// </summary>
internal static class CanonicalComposition
{
    /// <summary>Below it nothing ever changes.</summary>
    private const char FirstAffected = '\u0300';

    private static readonly UnicodeNormalizationTables Tables = UnicodeNormalizationTables.Default;

    /// <param name="text">Well-formed UTF-16.</param>
    /// <returns>The same instance when there is nothing to do.</returns>
    public static string Normalize(string text) => MayChange(text) ? Compose(Order(Decompose(text))) : text;

    private static bool MayChange(ReadOnlySpan<char> text)
    {
        for (var at = text.IndexOfAnyExceptInRange('\0', (char)(FirstAffected - 1)); at >= 0 && at < text.Length;)
        {
            Rune.DecodeFromUtf16(text[at..], out var rune, out var length);
            if (Tables.MayChange(rune.Value)) return true;
            at += length;
        }

        return false;
    }

    private static List<Mark> Decompose(string text)
    {
        var marks = new List<Mark>(text.Length);
        foreach (var rune in text.EnumerateRunes()) Append(marks, rune.Value);
        return marks;
    }

    /// <summary>Recursion is shallow: the deepest decomposition of Unicode has four levels.</summary>
    private static void Append(List<Mark> marks, int codePoint)
    {
        if (!Tables.TryDecompose(codePoint, out var first, out var second))
        {
            marks.Add(new Mark(codePoint, Tables.CombiningClass(codePoint)));
            return;
        }

        Append(marks, first);
        if (second != 0) Append(marks, second);
    }

    /// <summary>Sorts each run of marks by combining class and leaves equals in their order.</summary>
    private static List<Mark> Order(List<Mark> marks)
    {
        var all = CollectionsMarshal.AsSpan(marks);
        for (var start = 0; start < all.Length; start++)
        {
            if (all[start].Class == 0) continue;
            var end = start + 1;
            var sorted = true;
            for (; end < all.Length && all[end].Class != 0; end++) sorted &= all[end - 1].Class <= all[end].Class;
            if (!sorted) SortStably(all[start..end]);
            start = end;
        }

        return marks;
    }

    /// <summary>In n log n, since a hostile text may be a million marks long.</summary>
    private static void SortStably(Span<Mark> run)
    {
        var keys = new long[run.Length];
        for (var i = 0; i < keys.Length; i++) keys[i] = (long)run[i].Class << 32 | (uint)i;
        MemoryExtensions.Sort(keys.AsSpan(), run);
    }

    private static string Compose(List<Mark> marks)
    {
        var text = new StringBuilder(marks.Count);
        var pending = new List<int>();
        int? starter = null;
        var lastClass = -1;
        foreach (var mark in marks)
        {
            // A mark reaches its starter unless one of its own class or a higher one stands between them.
            if (starter is { } first && lastClass < mark.Class && Tables.TryCompose(first, mark.CodePoint, out var composed))
            {
                starter = composed;
            }
            else if (mark.Class == 0)
            {
                Write(text, starter, pending);
                (starter, lastClass) = (mark.CodePoint, -1);
            }
            else
            {
                pending.Add(mark.CodePoint);
                lastClass = mark.Class;
            }
        }

        Write(text, starter, pending);
        return text.ToString();
    }

    private static void Write(StringBuilder text, int? starter, List<int> pending)
    {
        Span<char> units = stackalloc char[2];
        if (starter is { } first) text.Append(units[..new Rune(first).EncodeToUtf16(units)]);
        foreach (var codePoint in pending) text.Append(units[..new Rune(codePoint).EncodeToUtf16(units)]);
        pending.Clear();
    }

    /// <summary>A fully decomposed character with its combining class.</summary>
    private readonly record struct Mark(int CodePoint, byte Class);
}
