using KnapsackCloud.Cli.Reporting;

namespace KnapsackCloud.Cli.Allocate.Simulation;

/// <summary>One policy under one weighting, and its differences to the one-shot posterior in a drawn batch, seed by seed.</summary>
internal sealed record ArmResult(
    string Policy, string Weighting, double LearningRate, Estimate Final, Estimate EffectiveGradientRatio, Estimate EffectivePromptRatio, Estimate RolloutsToTarget,
    Estimate? FinalDifference, Estimate? GradientRatioDifference, Estimate? PromptRatioDifference, Estimate? RolloutsToTargetDifference);

/// <summary>
/// Every policy crossed with every weighting of the loss on tabular tasks, each at the learning rate that reached the target
/// with the fewest rollouts on seeds of its own, then on the same seeds for all.
/// </summary>
internal sealed class PolicyExperiment(ulong firstSeed, int seeds, Action<string> report)
{
    private const int TuningSeeds = 2;
    private const ulong FirstTuningSeed = 1_000_001;

    private static readonly double[] LearningRates = [2, 4, 8];

    private static readonly SimulatedPolicy Reference = new("posterior", "posterior");

    private static readonly SimulatedPolicy[] Arms =
    [
        Reference, new("uniform", "uniform"), new("knapsack", "knapsack"), new("rounds (2)", "rounds", Rounds: 2), new("pool, 4 or more", "posterior", Pool: true, Opening: 4),
        new("pool, 8 or more", "posterior", Pool: true, Opening: 8), new("pool, 8 or more, rounds (2)", "rounds", Rounds: 2, Pool: true, Opening: 8), new("refill", "refill", Rounds: 3, BudgetFactor: 3, Reserve: true),
        new("skip", "skip", Reserve: true), new("pilot-commit", "pilot-commit", Rounds: 2), new("cero", "cero", BudgetFactor: 2),
    ];

    public IReadOnlyList<ArmResult> Run(CancellationToken cancellation)
    {
        var results = new List<ArmResult>();
        foreach (var weighting in Enum.GetValues<Weighting>())
        {
            SimulatedOutcome[]? reference = null;
            foreach (var arm in Arms)
            {
                cancellation.ThrowIfCancellationRequested();
                var rate = LearningRates.MinBy(rate => Simulate(arm, weighting, rate, FirstTuningSeed, TuningSeeds).Average(run => run.RolloutsToTarget));
                var runs = Simulate(arm, weighting, rate, firstSeed, seeds);
                results.Add(Result(arm, weighting, rate, runs, reference));
                reference ??= runs;
                report($"{weighting}, {arm.Name}: {results[^1].RolloutsToTarget.Mean:0} rollouts to target at learning rate {rate}");
            }
        }

        return results;
    }

    private static SimulatedOutcome[] Simulate(SimulatedPolicy arm, Weighting weighting, double rate, ulong first, int count)
    {
        var runs = new SimulatedOutcome[count];
        Parallel.For(0, count, i => runs[i] = new SimulatedRun(arm, weighting, rate, first + (ulong)i).Run());
        return runs;
    }

    private static ArmResult Result(SimulatedPolicy arm, Weighting weighting, double rate, SimulatedOutcome[] runs, SimulatedOutcome[]? reference)
    {
        return new ArmResult(
            arm.Name, weighting.ToString(), rate, Of(run => run.Final), Of(run => run.GradientRatio), Of(run => run.PromptRatio), Of(run => run.RolloutsToTarget),
            Paired(run => run.Final), Paired(run => run.GradientRatio), Paired(run => run.PromptRatio), Paired(run => run.RolloutsToTarget));

        Estimate Of(Func<SimulatedOutcome, double> metric) => Estimate.Of([.. runs.Select(metric)]);

        Estimate? Paired(Func<SimulatedOutcome, double> metric) =>
            reference is null ? null : Estimate.Of([.. runs.Zip(reference, (run, other) => metric(run) - metric(other))]);
    }
}
