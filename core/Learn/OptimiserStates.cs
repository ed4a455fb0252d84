namespace KnapsackCloud.Core.Learn;

/// <summary>In what an optimiser keeps its moments, by its name in a spec.</summary>
public static class OptimiserStates
{
    public const string Full = "float32";
    /// <summary>One byte a number.</summary>
    public const string EightBit = "8bit";

    public static IReadOnlyList<string> Names { get; } = [Full, EightBit];
}
