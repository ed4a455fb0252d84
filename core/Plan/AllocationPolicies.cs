using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Plan;

/// <summary>The allocation policies by the names that specs and the command line use.</summary>
public static class AllocationPolicies
{
    private static readonly IAllocationPolicy[] All = [new UniformPolicy(), new KnapsackPolicy(), new PosteriorPolicy()];

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(policy => policy.Name)];

    /// <exception cref="InvalidInputException">There is no policy of this name.</exception>
    public static IAllocationPolicy Create(string name) =>
        All.FirstOrDefault(policy => policy.Name == name) ??
        throw new InvalidInputException("allocation.policy", $"there is no policy '{name}': use {string.Join(", ", Names)}");
}
