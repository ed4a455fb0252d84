namespace KnapsackCloud.Core.Plan.Rounds;

/// <summary>
/// Pilot-Commit (arXiv 2605.26606): a pilot for every task, then a commitment three times as large to those whose pilot's
/// success rate is neither above Skip nor below Defer, in drawing order while the budget lasts. Published with a pilot of
/// 16 and a commitment of 48; here the pilot is half the uniform group size.
/// </summary>
internal sealed class PilotCommitPolicy : IRoundPolicy
{
    public const double Skip = 0.75;
    public const double Defer = 0.125;
    public const int CommitPerPilot = 3;

    public string Name => "pilot-commit";

    public Allocation Next(RoundProblem problem)
    {
        var pilot = Math.Max(2, problem.GroupSize / 2);
        return GivenCounts.Allocate(problem.Step, i => (problem.Round, problem.Step.Tasks[i]) switch
        {
            _ when problem.Round > problem.Rounds => 0,
            (1, _) => i < problem.Groups ? pilot : 0,
            (2, { Rolled: > 0 } task) => (double)task.RolledSuccesses / task.Rolled is >= Defer and <= Skip ? CommitPerPilot * pilot : 0,
            _ => 0,
        });
    }
}
