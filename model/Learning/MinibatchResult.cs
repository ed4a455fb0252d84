namespace KnapsackCloud.Model.Learning;

/// <summary>Sums over the predicted tokens of a minibatch.</summary>
public sealed record MinibatchResult
{
    public static MinibatchResult Empty { get; } = new();

    /// <summary>A minibatch of which something was not finite: it counts for what it cost, and for nothing else.</summary>
    public static MinibatchResult NotApplied(long packedTokens, string reason) => new() { Skipped = 1, SkipReason = reason, PackedTokens = packedTokens };

    /// <summary>Minibatches that changed nothing.</summary>
    public int Skipped { get; init; }
    /// <summary>Of a single minibatch: why it changed nothing; null when it did.</summary>
    public string? SkipReason { get; init; }
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

    /// <summary>What of the minibatch is not a finite number, for the user; null when all is well. Any of them comes from weights or log-probs that no update should be made with.</summary>
    public string? NotFinite => new[] { ("the loss", Loss), ("the entropy", EntropySum), ("the divergence from the reference policy", ReferenceKlSum), ("a log-prob", MaxMismatch) }
        .Where(number => !double.IsFinite(number.Item2)).Select(number => Describe(number.Item1, number.Item2)).FirstOrDefault();

    /// <summary>For the user.</summary>
    public static string Describe(string what, double number) => $"{what} is {(double.IsNaN(number) ? "not a number" : "infinite")}";

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
