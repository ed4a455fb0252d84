namespace KnapsackCloud.Core.Rewards;

/// <summary>Rewards for the length of a completion, in tokens.</summary>
public static class LengthRewards
{
    /// <summary>
    /// A short right answer gets the most and a short wrong one the least, along half a cosine (arXiv 2502.03373).
    /// </summary>
    /// <param name="tokens">0 or more; counts as <paramref name="maxTokens"/> beyond it.</param>
    /// <param name="shortest">Reward at length 0 of a right answer, or of a wrong one.</param>
    /// <param name="longest">Reward at <paramref name="maxTokens"/>.</param>
    public static double Cosine(int tokens, int maxTokens, double shortest, double longest)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 1);
        var progress = Math.Min(1, (double)tokens / maxTokens);
        return longest + ((shortest - longest) * (1 + Math.Cos(Math.PI * progress)) / 2);
    }
}
