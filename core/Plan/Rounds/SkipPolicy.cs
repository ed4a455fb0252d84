using KnapsackCloud.Core.Rollout;

namespace KnapsackCloud.Core.Plan.Rounds;

/// <summary>
/// GRESO (arXiv 2506.02177): a task whose last z groups were all uniform is skipped with probability 1 - Explore^z, and the
/// next drawn takes its place; groups are of one size. The published rule tunes Explore to a target while it runs; here it is
/// its starting value.
/// </summary>
internal sealed class SkipPolicy : IRoundPolicy
{
    public string Name => "skip";
    public bool SpendsAtOnce => true;
    public bool DrawsReserve => true;

    public Allocation Next(RoundProblem problem)
    {
        var open = problem.Round == 1 ? problem.Groups : 0;
        return GivenCounts.Allocate(problem.Step, i =>
        {
            var task = problem.Step.Tasks[i];
            var tried = CounterRandom.UniformAt(Seeds.For(problem.Seed, $"skip/{task.Task}"), 0) < Math.Pow(problem.Parameters.Explore, task.UniformVisits);
            return tried && open-- > 0 ? problem.GroupSize : 0;
        });
    }
}
