namespace KnapsackCloud.Core.Learn;

/// <summary>In what a learner computes forward and backward passes, by its name in a spec. Weights and their gradients' sums are float32 always.</summary>
public static class LearningPrecision
{
    public const string Full = "float32";
    public const string BFloat16 = "bfloat16";

    public static IReadOnlyList<string> Names { get; } = [Full, BFloat16];
}
