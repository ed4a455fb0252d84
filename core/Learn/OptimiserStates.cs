namespace KnapsackCloud.Core.Learn;

/// <summary>In what an optimiser keeps its moments, by its name in a spec.</summary>
public static class OptimiserStates
{
    public const string Full = "float32";
    /// <summary>One byte a number.</summary>
    public const string EightBit = "8bit";
    /// <summary>As float32, in the memory of the processor whatever computes.</summary>
    public const string Host = "host";

    public static IReadOnlyList<string> Names { get; } = [Full, EightBit, Host];
}
