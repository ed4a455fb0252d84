namespace KnapsackCloud.Core.Plan;

public static class AllocationPolicies { public static IReadOnlyList<string> Names { get; } = ["uniform", "knapsack", "posterior"]; }
