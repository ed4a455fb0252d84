namespace KnapsackCloud.Core.Learn;

/// <summary>Whether a learner keeps activations for the way back or makes them again (activation checkpointing), by its name in a spec.</summary>
public static class Recomputation
{
    private static readonly Dictionary<string, bool?> Known = new(StringComparer.Ordinal) { ["auto"] = null, ["always"] = true, ["never"] = false };

    public static IReadOnlyList<string> Names { get; } = [.. Known.Keys];

    /// <returns>Null leaves it to the learner.</returns>
    /// <exception cref="KeyNotFoundException">There is no such name.</exception>
    public static bool? Of(string name) => Known[name];
}
