namespace KnapsackCloud.Adapters.Processes;

/// <summary>What a program that verifies may use.</summary>
/// <param name="Time">For one answer.</param>
/// <param name="MemoryBytes">Address space of each of its processes; held on Linux, elsewhere only the time is.</param>
public sealed record VerifierLimits(TimeSpan Time, long MemoryBytes)
{
    public static VerifierLimits Default { get; } = new(TimeSpan.FromSeconds(10), 4L << 30);
}
