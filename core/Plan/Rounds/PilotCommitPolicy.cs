namespace KnapsackCloud.Core.Plan.Rounds;

/// <summary>
/// Pilot-Commit (arXiv 2605.26606): a pilot for every task, then a commitment three times as large to those whose pilot's
/// success rate is neither above SkipAbove nor below DeferBelow, in drawing order while the budget lasts. Published with a pilot
/// of 16 and a commitment of 48; by default the pilot is half the uniform group size.
/// </summary>
internal sealed class PilotCommitPolicy : IRoundPolicy
{
    private const int CommitPerPilot = 3;

    public string Name => "pilot-commit";
    public int RoundsByDefault => 2;

    public Allocation Next(RoundProblem problem)
    {
        var parameters = problem.Parameters;
        var pilot = parameters.Pilot ?? Math.Max(2, problem.GroupSize / 2);
        var commit = parameters.Commit ?? CommitPerPilot * pilot;
        return GivenCounts.Allocate(problem.Step, i => (problem.Round, problem.Step.Tasks[i]) switch
        {
            _ when problem.Round > problem.Rounds => 0,
            (1, _) => i < problem.Groups ? pilot : 0,
            (2, { Rolled: > 0 } task) => IsOpen((double)task.RolledSuccesses / task.Rolled) ? commit : 0,
            _ => 0,
        });

        bool IsOpen(double rate) => rate >= parameters.DeferBelow && rate <= parameters.SkipAbove;
    }
}
