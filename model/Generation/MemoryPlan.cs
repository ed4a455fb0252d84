namespace KnapsackCloud.Model.Generation;

/// <summary>How an engine spends the bytes it is given.</summary>
/// <param name="Places">Rollouts at once: 1 or more, and no more than wait.</param>
/// <param name="PrefillTokens">Prompt tokens, padding included, in one forward pass of the tensor library; one prompt goes in whatever its length.</param>
internal readonly record struct MemoryPlan(int Places, int PrefillTokens)
{
    /// <summary>Of the bytes, at most one in so many is for prompts while they are computed.</summary>
    private const int PrefillShare = 4;

    public static MemoryPlan For(RolloutQueue queue, DecoderMemory needs, EngineOptions options)
    {
        var tokens = (int)Math.Clamp(options.CacheBytes / PrefillShare / needs.PromptToken, 1, options.PrefillTokens);
        var prefill = (needs.PromptTokens ?? Math.Max(tokens, queue.LongestPrompt)) * needs.PromptToken;
        var places = Math.Min((options.CacheBytes - prefill) / needs.Row, needs.MostRows);
        return new((int)Math.Clamp(places, 1, Math.Min(options.MaxRows, queue.Count)), tokens);
    }
}
