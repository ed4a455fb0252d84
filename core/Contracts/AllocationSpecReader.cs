using KnapsackCloud.Core.Json;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Plan.Rounds;

namespace KnapsackCloud.Core.Contracts;

/// <summary>The <c>allocation</c> member of a run spec.</summary>
internal static class AllocationSpecReader
{
    private const int MaxRounds = 99;
    private const double AnyPositive = RunSpecReader.AnyPositive;

    public static AllocationSpec Read(ObjectReader reader)
    {
        var byDefault = new AllocationSpec();
        var scope = reader.Choice("scope", byDefault.Scope, [AllocationSpec.BatchScope, AllocationSpec.PoolScope]);
        var isPool = scope == AllocationSpec.PoolScope;
        var spec = new AllocationSpec
        {
            Policy = reader.Choice("policy", byDefault.Policy, RoundPolicies.Names),
            RolloutsPerTask = reader.Whole("rolloutsPerTask", byDefault.RolloutsPerTask, 2, RunSpecReader.MaxRollouts),
            Min = reader.Whole("min", isPool ? 0 : byDefault.Min, isPool ? 0 : 2, isPool ? 0 : AllocationProblem.MostRollouts),
            Max = reader.Whole("max", byDefault.Max, 2, AllocationProblem.MostRollouts),
            Scope = scope,
            Unit = reader.Choice("unit", byDefault.Unit, ["rollouts", "tokens"]),
            Rounds = reader.OptionalWhole("rounds", 1, MaxRounds),
            BudgetFactor = reader.OptionalNumber("budgetFactor", 1, 100),
            Discount = reader.Number("discount", byDefault.Discount, AnyPositive, 1),
            PriorStrength = reader.OptionalNumber("priorStrength", AnyPositive, 1e6),
            Pool = reader.Nested("pool", byDefault.Pool, ReadPool),
            Parameters = reader.Nested("parameters", byDefault.Parameters, ReadParameters),
        };
        CheckTogether(spec, reader);
        return spec;
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

    private static PoolSpec ReadPool(ObjectReader reader)
    {
        var byDefault = new PoolSpec();
        return new PoolSpec
        {
            Opening = reader.Whole("opening", byDefault.Opening, 2, AllocationProblem.MostRollouts),
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
