namespace KnapsackCloud.Model.Learning;

/// <summary>Sums over the predicted tokens of a minibatch.</summary>
public sealed record MinibatchResult
{
    public static MinibatchResult Empty { get; } = new();

    /// <summary>A minibatch whose loss or gradient norm was not finite: it counts for what it cost, and for nothing else.</summary>
    public static MinibatchResult NotApplied(long packedTokens) => new() { Skipped = 1, PackedTokens = packedTokens };

    /// <summary>Minibatches that changed nothing.</summary>
    public int Skipped { get; init; }
    /// <summary>Of the whole minibatch.</summary>
    public double Loss { get; init; }
    /// <summary>Before clipping.</summary>
    public double GradientNorm { get; init; }
    /// <summary>Completion tokens.</summary>
    public long Predictions { get; init; }
    public long PackedTokens { get; init; }
    public long Clipped { get; init; }
    public double EntropySum { get; init; }
    /// <summary>0 without a reference policy.</summary>
    public double ReferenceKlSum { get; init; }
    /// <summary>Largest absolute difference between the learner's and the behaviour log-probs.</summary>
    public double MaxMismatch { get; init; }

    public static MinibatchResult Add(MinibatchResult a, MinibatchResult b) => new()
    {
        Skipped = a.Skipped + b.Skipped,
        Loss = a.Loss + b.Loss,
        GradientNorm = a.GradientNorm + b.GradientNorm,
        Predictions = a.Predictions + b.Predictions,
        PackedTokens = a.PackedTokens + b.PackedTokens,
        Clipped = a.Clipped + b.Clipped,
        EntropySum = a.EntropySum + b.EntropySum,
        ReferenceKlSum = a.ReferenceKlSum + b.ReferenceKlSum,
        MaxMismatch = Math.Max(a.MaxMismatch, b.MaxMismatch),
    };
}
