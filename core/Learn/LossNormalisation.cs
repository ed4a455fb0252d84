namespace KnapsackCloud.Core.Learn;

/// <summary>How the tokens of a minibatch share its loss.</summary>
public enum LossNormalisation
{
    /// <summary>Every token of the effective rows counts the same: DAPO's token mean (arXiv 2503.14476, eq. 8) after its filtering of uniform groups. Weights sum to 1, however many rollouts were effective.</summary>
    Effective,
    /// <summary>As <see cref="Effective"/>, but the mean goes over the tokens of uniform groups too, which add nothing: more effective rollouts make a larger step. What the token mean is without filtering.</summary>
    Token,
    /// <summary>Every row counts the same, and in it every token: GRPO as published (arXiv 2402.03300, eq. 3), with rows pooled over groups. Weights sum to 1.</summary>
    Sequence,
    /// <summary>Every group counts the same, and in it every token: an allocation then does not weigh a task by its rollouts. Weights sum to 1.</summary>
    Prompt,
    /// <summary>The sum over a row's tokens is divided by the longest allowed completion: Dr. GRPO (arXiv 2503.20783, section 3.2), which does not favour short successes or long failures.</summary>
    Constant,
}

/// <summary>Normalisations by their names in a spec.</summary>
public static class LossNormalisations
{
    private static readonly Dictionary<string, LossNormalisation> Known = new(StringComparer.Ordinal)
    {
        ["effective"] = LossNormalisation.Effective,
        ["token"] = LossNormalisation.Token,
        ["sequence"] = LossNormalisation.Sequence,
        ["prompt"] = LossNormalisation.Prompt,
        ["constant"] = LossNormalisation.Constant,
    };

    public static IReadOnlyList<string> Names { get; } = [.. Known.Keys];

    /// <exception cref="KeyNotFoundException">There is no such normalisation.</exception>
    public static LossNormalisation Of(string name) => Known[name];
}

/// <summary>What the weights of a minibatch depend on beside its own rows.</summary>
/// <param name="EffectiveShare">Completion tokens of the step's effective rows / those of all its rollouts, in (0, 1].</param>
/// <param name="MaxTokens">Longest completion that was allowed, 1 or more.</param>
public sealed record NormalisationRule(LossNormalisation Normalisation, double EffectiveShare = 1, int MaxTokens = 1)
{
    /// <summary>Weight of one token of each row, [group][row]; all positive.</summary>
    /// <param name="lengths">Completion tokens, at least 1, of each row of each group of one minibatch.</param>
    public double[][] Weights(IReadOnlyList<int[]> lengths)
    {
        var size = Size(lengths);
        return [.. lengths.Select(group => group.Select(length => 1 / (size * Normalisation switch
        {
            LossNormalisation.Sequence => length,
            LossNormalisation.Prompt => group.Sum(),
            LossNormalisation.Constant => MaxTokens,
            _ => 1,
        })).ToArray())];
    }

    /// <summary>
    /// What the loss of a minibatch is a mean over: the number of its tokens, of all rollouts' tokens, of its rows or of its groups. The mean
    /// of the losses of several minibatches by their sizes is the loss of all of them as one.
    /// </summary>
    /// <param name="lengths">As for <see cref="Weights"/>.</param>
    public double Size(IReadOnlyList<int[]> lengths) => Normalisation switch
    {
        LossNormalisation.Effective => Tokens(lengths),
        LossNormalisation.Token => Tokens(lengths) / EffectiveShare,
        LossNormalisation.Sequence or LossNormalisation.Constant => lengths.Sum(group => group.Length),
        LossNormalisation.Prompt => lengths.Count,
        _ => throw new InvalidOperationException($"normalisation {Normalisation} has no weights"),
    };

    private static double Tokens(IReadOnlyList<int[]> lengths) => lengths.Sum(group => group.Sum(length => (long)length));
}
