using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Estimate;

/// <summary>
/// Forecasts a run by planning it: in each of a few worlds, success rates are drawn from what the ledger says of the tasks, and
/// the run's own planner spends its budgets there step by step. The success rates stand still: what learning does to them is not known before.
/// </summary>
public static class OutcomeForecaster
{
    private const int Worlds = 8;
    private const int FewestSteps = 16;
    private const int MostSteps = 128;
    /// <summary>Tasks that planners are offered in all worlds together; it bounds the time on pools of a million.</summary>
    private const long MostOffered = 16_000_000;

    /// <param name="ledger">Of an earlier run with the same model, or empty. Its visits count as done before step 1.</param>
    /// <exception cref="InvalidInputException">The spec's first step cannot be planned.</exception>
    public static OutcomeForecast Forecast(RunSpec spec, IReadOnlyList<TrainingTask> training, IReadOnlyList<TaskRecord> ledger, CancellationToken cancellation)
    {
        var before = Shifted(ledger);
        var steps = Steps(spec, training.Count);
        var worlds = Enumerable.Range(0, Worlds).Select(world =>
        {
            var run = new ForecastWorld(spec, training, before, Seeds.For(spec.Seed, FormattableString.Invariant($"forecast/{world}")));
            for (var step = 1; step <= steps; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                run.Advance(step);
            }

            return run;
        }).ToList();
        return Summarise(worlds, steps);
    }

    /// <summary>Two epochs show what the ledger's filling changes.</summary>
    private static int Steps(RunSpec spec, int pool)
    {
        var epochs = 2 * ((pool + spec.Tasks.PerStep - 1) / spec.Tasks.PerStep);
        var offered = spec.Allocation.IsPool ? pool : spec.Tasks.PerStep;
        var most = (int)Math.Clamp(MostOffered / ((long)Worlds * offered), 1, MostSteps);
        return Math.Min(spec.Steps, Math.Min(most, Math.Max(FewestSteps, epochs)));
    }

    private static List<TaskRecord> Shifted(IReadOnlyList<TaskRecord> ledger)
    {
        var last = ledger.Select(record => record.LastStep).DefaultIfEmpty(0).Max();
        return [.. ledger.Select(record => record with { LastStep = record.LastStep - last })];
    }

    private static OutcomeForecast Summarise(List<ForecastWorld> worlds, int steps)
    {
        double planned = worlds.Count * steps;
        return new OutcomeForecast
        {
            Steps = steps,
            Worlds = worlds.Count,
            RolloutsPerStep = worlds.Sum(world => world.Totals.Rollouts) / planned,
            GroupsPerStep = worlds.Sum(world => world.Totals.Groups) / planned,
            MixedRolloutsPerStep = worlds.Sum(world => world.Totals.MixedRollouts) / planned,
            TokensPerStep = worlds.Sum(world => world.Totals.Tokens) / planned,
            MeanReward = ForecastRange.Of([.. worlds.Select(world => world.MeanReward)]),
            EffectiveGradientRatio = ForecastRange.Of([.. worlds.Select(world => world.Totals.EffectiveGradientRatio)]),
            EffectivePromptRatio = ForecastRange.Of([.. worlds.Select(world => world.Totals.EffectivePromptRatio)]),
        };
    }
}
