using KnapsackCloud.Model.Generation.Cpu;

namespace KnapsackCloud.Model.Learning.Cpu;

/// <summary>
/// Neighbouring tokens of a packed microbatch that look at the same keys: of a completion at its whole prompt, and at those of their own up to
/// themselves; of a prompt at the latter only.
/// </summary>
/// <param name="PromptLength">0 for a prompt.</param>
/// <param name="FirstQuery">The first of the tokens that looks.</param>
/// <param name="FirstRow">Its place among all that look; the others follow.</param>
internal readonly record struct TokenSpan(int Start, int Count, int PromptStart, int PromptLength, int FirstQuery, int FirstRow)
{
    public int Queries => Count - FirstQuery;

    /// <summary>Of the prompt's keys, in whole vectors.</summary>
    public int PromptWidth => Attention.RoundedUp(PromptLength);

    /// <summary>Of all keys, in whole vectors: first the prompt's, then its own.</summary>
    public int Width => PromptWidth + Attention.RoundedUp(Count);

    /// <summary>All tokens look.</summary>
    public static IReadOnlyList<TokenSpan> OfAll(PackedLayout layout) => Of(layout, (start, count) => (0, start));

    /// <summary>Those that predict look: the last of a prompt, and completions.</summary>
    public static IReadOnlyList<TokenSpan> OfSources(PackedLayout layout)
    {
        var prompts = 0;
        return Of(layout, (start, count) => start < layout.PromptTokens ? (count - 1, prompts++) : (0, layout.Groups + start - layout.PromptTokens));
    }

    /// <summary>Prompts in their order, then completions, those of a prompt together.</summary>
    private static List<TokenSpan> Of(PackedLayout layout, Func<int, int, (int FirstQuery, int FirstRow)> queries)
    {
        var spans = new List<TokenSpan>();
        for (int start = 0, end; start < layout.PromptTokens; start = end)
        {
            for (end = start + 1; end < layout.PromptTokens && layout.Positions_N[end] > 0;) end++;
            Add(start, end - start, 0, 0);
        }

        foreach (var row in layout.Bundles.SelectMany(bundle => bundle.Members).OrderBy(row => row.PromptStart).ThenBy(row => row.Start))
            Add(row.Start, row.Inputs, row.PromptStart, row.PromptLength);
        return spans;

        void Add(int start, int count, int promptStart, int promptLength)
        {
            var (firstQuery, firstRow) = queries(start, count);
            spans.Add(new TokenSpan(start, count, promptStart, promptLength, firstQuery, firstRow));
        }
    }
}
