using KnapsackCloud.Core.Json;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Plan.Rounds;

namespace KnapsackCloud.Core.Contracts;

/// <summary>The <c>allocation</c> member of a run spec.</summary>
internal static class AllocationSpecReader
{
    internal const int MaxRounds = 99;
    private const double AnyPositive = RunSpecReader.AnyPositive;

    /// <summary>Where a spec does not speak of allocation.</summary>
    public static AllocationSpec Default(string selection) =>
        selection == TaskSelection.Epochs ? new AllocationSpec { Scope = AllocationSpec.PoolScope, Min = 0 } : new AllocationSpec();

    /// <param name="selection">How the spec draws a step's tasks.</param>
    public static AllocationSpec Read(ObjectReader reader, string selection)
    {
        var byDefault = new AllocationSpec();
        var policy = reader.Choice("policy", byDefault.Policy, RoundPolicies.Names);
        var scope = reader.Choice("scope", ScopeByDefault(reader, policy, selection), [AllocationSpec.BatchScope, AllocationSpec.PoolScope]);
        var isPool = scope == AllocationSpec.PoolScope;
        var max = reader.Whole("max", byDefault.Max, 2, AllocationProblem.MostRollouts);
        var spec = new AllocationSpec
        {
            Policy = policy,
            RolloutsPerTask = reader.Whole("rolloutsPerTask", byDefault.RolloutsPerTask, 2, RunSpecReader.MaxRollouts),
            Min = reader.Whole("min", isPool ? 0 : byDefault.Min, isPool ? 0 : 2, isPool ? 0 : AllocationProblem.MostRollouts),
            Max = max,
            Scope = scope,
            Unit = reader.Choice("unit", byDefault.Unit, ["rollouts", "tokens"]),
            Rounds = reader.OptionalWhole("rounds", 1, MaxRounds),
            BudgetFactor = reader.OptionalNumber("budgetFactor", 1, 100),
            Discount = reader.Number("discount", byDefault.Discount, AnyPositive, 1),
            PriorStrength = reader.OptionalNumber("priorStrength", AnyPositive, 1e6),
            Pool = reader.Nested("pool", byDefault.Pool with { Opening = Math.Min(byDefault.Pool.Opening, max) }, pool => ReadPool(pool, max)),
            Parameters = reader.Nested("parameters", byDefault.Parameters, ReadParameters),
        };
        CheckTogether(spec, reader);
        if (isPool && selection != TaskSelection.Epochs) reader.Refuse("scope", $"is pool, where no tasks are drawn: leave out tasks.selection {selection}, or take scope {AllocationSpec.BatchScope}");
        return spec;
    }

    /// <summary>The pool, which learns most from a rollout, wherever the policy can choose from it and nothing in the spec speaks of a drawn batch.</summary>
    private static string ScopeByDefault(ObjectReader reader, string policy, string selection)
    {
        var choosesFromPool = RoundPolicies.Names.Contains(policy) && RoundPolicies.Create(policy).CanChooseFromPool;
        return choosesFromPool && selection == TaskSelection.Epochs && !reader.Has("min") ? AllocationSpec.PoolScope : AllocationSpec.BatchScope;
    }

    private static void CheckTogether(AllocationSpec spec, ObjectReader reader)
    {
        if (spec.Min > spec.RolloutsPerTask) reader.Refuse("min", $"is {spec.Min}, above rolloutsPerTask {spec.RolloutsPerTask}: the budget could not give every task its minimum");
        if (spec.Max < spec.RolloutsPerTask) reader.Refuse("max", $"is {spec.Max}, below rolloutsPerTask {spec.RolloutsPerTask}: the budget could not be spent");
        if (!spec.IsPool) return;
        if (!RoundPolicies.Create(spec.Policy).CanChooseFromPool)
            reader.Refuse("scope", $"is pool, but the policy {spec.Policy} does not choose tasks: use {string.Join(", ", RoundPolicies.Names.Where(name => RoundPolicies.Create(name).CanChooseFromPool))}");
        if (spec.Pool.Opening > spec.Max) reader.Refuse("pool", $"has opening {spec.Pool.Opening}, above max {spec.Max}: no task could be opened");
    }

    private static PoolSpec ReadPool(ObjectReader reader, int max)
    {
        var byDefault = new PoolSpec();
        return new PoolSpec
        {
            Opening = reader.Whole("opening", Math.Min(byDefault.Opening, max), 2, AllocationProblem.MostRollouts),
            CoolDown = reader.Whole("coolDown", byDefault.CoolDown, 0, RunSpecReader.MaxSteps),
            HalfLife = reader.Number("halfLife", byDefault.HalfLife, AnyPositive, 1e9),
        };
    }

    private static PolicyParameters ReadParameters(ObjectReader reader)
    {
        var byDefault = new PolicyParameters();
        var parameters = new PolicyParameters
        {
            Explore = reader.Number("explore", byDefault.Explore, AnyPositive, 1),
            Reserve = reader.Whole("reserve", byDefault.Reserve, 0, 1_000),
            Pilot = reader.OptionalWhole("pilot", 2, AllocationProblem.MostRollouts),
            Commit = reader.OptionalWhole("commit", 1, AllocationProblem.MostRollouts),
            SkipAbove = reader.Number("skipAbove", byDefault.SkipAbove, 0, 1),
            DeferBelow = reader.Number("deferBelow", byDefault.DeferBelow, 0, 1),
            PriceRate = reader.Number("priceRate", byDefault.PriceRate, 0, 10),
            StartPrice = reader.Number("startPrice", byDefault.StartPrice, AnyPositive, 1),
        };
        if (parameters.DeferBelow > parameters.SkipAbove) reader.Refuse("deferBelow", FormattableString.Invariant($"is {parameters.DeferBelow}, above skipAbove {parameters.SkipAbove}: nothing would be committed to"));
        return parameters;
    }
}
