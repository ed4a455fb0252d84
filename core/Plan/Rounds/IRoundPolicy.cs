using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Plan.Rounds;

/// <summary>A step's state before one of its rounds.</summary>
public sealed record RoundProblem
{
    /// <summary>The tasks in the order they were drawn, each with its rollouts of this step so far; the budget is what is left of the step's.</summary>
    public required AllocationProblem Step { get; init; }
    /// <summary>From 1.</summary>
    public required int Round { get; init; }
    /// <summary>Most rounds of the step.</summary>
    public required int Rounds { get; init; }
    /// <summary>Rollouts of a task under a uniform allocation.</summary>
    public required int GroupSize { get; init; }
    /// <summary>Tasks that a step means to work on; more may have been drawn as a reserve.</summary>
    public required int Groups { get; init; }
    /// <summary>Of the run and step, for policies that draw lots.</summary>
    public ulong Seed { get; init; }
    /// <summary>Value per cost that a rollout must be worth, where a price runs over the whole run's budget; else 0.</summary>
    public double Price { get; init; }
    public PolicyParameters Parameters { get; init; } = new();
}

/// <summary>
/// A rule for spending a step's budget in rounds: asked before each round for further rollouts, seeing what came out of
/// those before. Pure, so that a round that is planned again is planned alike. A one-shot policy is one with a single round.
/// </summary>
public interface IRoundPolicy
{
    /// <summary>As in a spec or on the command line.</summary>
    string Name { get; }

    /// <summary>Most rounds of a step, where a spec names none.</summary>
    int RoundsByDefault => 1;

    /// <summary>Whether every rollout is bought in the first round, whatever a spec says.</summary>
    bool SpendsAtOnce => false;

    /// <summary>Most that a step may spend, in uniform step budgets, where a spec names none.</summary>
    double BudgetFactorByDefault => 1;

    /// <summary>Whether more tasks are to be drawn than the step works on, for the policy to take in.</summary>
    bool DrawsReserve => false;

    /// <summary>Whether it can be offered a whole pool and leaves out what is not worth a rollout.</summary>
    bool CanChooseFromPool => false;

    /// <summary>Whether it goes by a price that runs from step to step.</summary>
    bool HasPrice => false;

    /// <summary>Further rollouts per task, in the order of the step's tasks; all 0 when the step is done.</summary>
    Allocation Next(RoundProblem problem);
}

/// <summary>The round policies by name; each one-shot policy is one of them.</summary>
public static class RoundPolicies
{
    private static readonly IRoundPolicy[] All =
    [
        .. AllocationPolicies.Names.Where(name => name != PosteriorRounds.OneShotName).Select(name => new OneShotRound(AllocationPolicies.Create(name))),
        new PosteriorRounds(PosteriorRounds.OneShotName, 1), new PosteriorRounds("rounds", 2), new RefillPolicy(), new SkipPolicy(), new PilotCommitPolicy(), new CeroPolicy(),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(policy => policy.Name)];

    /// <exception cref="InvalidInputException">There is no policy of this name.</exception>
    public static IRoundPolicy Create(string name) =>
        All.FirstOrDefault(policy => policy.Name == name) ??
        throw new InvalidInputException("allocation.policy", $"there is no policy '{name}': use {string.Join(", ", Names)}");
}

/// <summary>A one-shot policy: everything in the first round.</summary>
internal sealed class OneShotRound(IAllocationPolicy policy) : IRoundPolicy
{
    public string Name => policy.Name;
    public bool SpendsAtOnce => true;

    public Allocation Next(RoundProblem problem) =>
        problem.Round == 1 ? policy.Allocate(problem.Step) : GivenCounts.Allocate(problem.Step, _ => 0);
}
