namespace KnapsackCloud.Core.Rewards.Maths.Extraction;

/// <summary>"The final answer is", "Answer:", "A:", "####" and the same in other languages.</summary>
internal static class AnswerPhrases
{
    private const int LongestBetween = 60;

    /// <summary>Mentions of the word, from the end, that are looked at.</summary>
    private const int MaxTried = 6;

    private static readonly string[] s_words =
    [
        "answer", "答案", "答え", "答", "정답", "답은", "답:", "réponse", "reponse", "respuesta", "resposta", "antwort", "risposta", "ответ", "उत्तर", "الإجابة", "الجواب",
        "cevap", "đáp án", "odpowiedź", "antwoord", "svar", "คำตอบ", "jawaban",
    ];

    // Between the word and the answer: "is", or a colon, or an equals sign.
    private static readonly string[] s_links =
    [
        " is", " are", ":", ":", "=", "是", "为", "為", "は", "은", "는", " est", " es", " é", " ist", " è", " равен", " है", " هي", " هو", " är", " to", " jest", " adalah", "**",
    ];

    /// <summary>What follows the last such phrase, to the end of its line; null without one.</summary>
    public static string? After(string text)
    {
        var hashes = text.LastIndexOf("####", StringComparison.Ordinal);
        if (hashes >= 0)
            return Line(text, hashes + 4);
        foreach (var end in LastWords(text))
        {
            if (AfterLink(text, end) is { } start && Line(text, start) is { } line)
                return line;
        }
        return AfterLetter(text);
    }

    // Where the last mentions of an answer word end, from the last to the first. Each word's text is searched once.
    private static IEnumerable<int> LastWords(string text)
    {
        var at = Array.ConvertAll(s_words, word => Find(text, word, text.Length));
        for (var tried = 0; tried < MaxTried; tried++)
        {
            var best = 0;
            for (var i = 1; i < at.Length; i++)
            {
                if (at[i] > at[best])
                    best = i;
            }
            if (at[best] < 0)
                yield break;
            yield return at[best] + s_words[best].Length;
            at[best] = Find(text, s_words[best], at[best]);
        }
    }

    private static int Find(string text, string word, int before) => before == 0 ? -1
        : text.LastIndexOf(word, before - 1, char.IsAscii(word[0]) ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    private static int? AfterLink(string text, int start)
    {
        var reach = text.AsSpan(start, Math.Min(LongestBetween, text.Length - start));
        var line = reach.IndexOf('\n');
        if (line >= 0)
            reach = reach[..line];
        int? best = null;
        var earliest = int.MaxValue;
        foreach (var link in s_links)
        {
            var at = reach.IndexOf(link, StringComparison.OrdinalIgnoreCase);
            var end = at + link.Length;
            // " is" must end a word: not "answer isn't".
            var whole = at >= 0 && (!char.IsAsciiLetter(link[^1]) || start + end >= text.Length || !char.IsLetter(text[start + end]));
            if (whole && at < earliest)
                (earliest, best) = (at, start + end);
        }
        return best;
    }

    // "A: 18" at the start of a line.
    private static string? AfterLetter(string text)
    {
        for (var at = text.LastIndexOf("A:", StringComparison.Ordinal); at >= 0; at = at == 0 ? -1 : text.LastIndexOf("A:", at - 1, StringComparison.Ordinal))
        {
            if (at == 0 || text[at - 1] == '\n')
                return Line(text, at + 2);
        }
        return null;
    }

    // The rest of the line, or the next line when nothing else stands there.
    private static string? Line(string text, int start)
    {
        while (start < text.Length && (char.IsWhiteSpace(text[start]) || text[start] is ':' or ':' or '*'))
            start++;
        var display = start + 1 < text.Length && (text.AsSpan(start).StartsWith("\\[", StringComparison.Ordinal) || text.AsSpan(start).StartsWith("$$", StringComparison.Ordinal));
        var end = display ? text.Length : text.IndexOf('\n', start);
        var line = end < 0 ? text[start..] : text[start..end];
        return line.Length == 0 ? null : line;
    }
}
