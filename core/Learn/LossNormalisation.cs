namespace KnapsackCloud.Core.Learn;

/// <summary>
/// How the tokens of a minibatch share its loss. Every weight is positive and they sum to 1 over the minibatch, so that the
/// step size does not depend on how many rollouts happened to be effective.
/// </summary>
public enum LossNormalisation
{
    /// <summary>Every token of the effective rows counts the same: DAPO's token mean (arXiv 2503.14476, eq. 8) after its filtering of uniform groups.</summary>
    Effective,
    /// <summary>Every row counts the same, and in it every token: GRPO as published (arXiv 2402.03300, eq. 3), with rows pooled over groups.</summary>
    Sequence,
    /// <summary>Every group counts the same, and in it every token: an allocation then does not weigh a task by its rollouts.</summary>
    Prompt,
}

public static class TokenWeights
{
    /// <summary>Weight of one token of each row, [group][row].</summary>
    /// <param name="lengths">Completion tokens, at least 1, of each row of each group of one minibatch.</param>
    public static double[][] Of(IReadOnlyList<int[]> lengths, LossNormalisation normalisation)
    {
        double tokens = lengths.Sum(group => group.Sum(length => (long)length));
        double rows = lengths.Sum(group => group.Length);
        return [.. lengths.Select(group => group.Select(length => normalisation switch
        {
            LossNormalisation.Effective => 1 / tokens,
            LossNormalisation.Sequence => 1 / (rows * length),
            LossNormalisation.Prompt => 1 / ((double)lengths.Count * group.Sum()),
            _ => throw new ArgumentOutOfRangeException(nameof(normalisation), normalisation, "unknown"),
        }).ToArray())];
    }
}
