namespace KnapsackCloud.Core.Rewards;

/// <summary>A penalty for completions that say the same again and again.</summary>
public static class RepetitionPenalty
{
    /// <summary>(1 - distinct/all n-grams) times the largest penalty (arXiv 2502.03373); 0 for a text shorter than n words.</summary>
    /// <param name="ngram">Words in an n-gram, at least 1.</param>
    /// <param name="largest">0 or less: what a text that only repeats would get in the limit.</param>
    public static double Of(string completion, int ngram, double largest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ngram, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(largest, 0);
        var words = completion.ToLowerInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var all = words.Length - ngram + 1;
        if (all < 1)
            return 0;
        var distinct = new HashSet<string>(StringComparer.Ordinal);
        for (var start = 0; start < all; start++)
            distinct.Add(string.Join(' ', words, start, ngram));
        return distinct.Count == all ? 0 : (1 - ((double)distinct.Count / all)) * largest;
    }
}
