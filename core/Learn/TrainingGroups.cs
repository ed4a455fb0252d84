using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Learn;

/// <summary>Turns the joined groups of a step into what the learner gets. Pure.</summary>
public static class TrainingGroups
{
    /// <summary>
    /// The mixed groups, in order; uniform ones have no gradient and errored rollouts no reward. Whether a group is mixed is
    /// decided by the verifier's rewards: a length penalty shifts what a mixed group teaches and makes no uniform one mixed.
    /// </summary>
    public static TrainingBatch Of(IReadOnlyList<TaskGroup<Trajectory>> groups, RunSpec spec) => new(
        [.. groups.Where(group => group.IsMixed).Select(group => ToTrainingGroup(group, spec)).Where(group => group.Rows.Count > 0)],
        groups.Sum(group => group.Scored.Sum(trajectory => (long)trajectory.CompletionIds.Length)));

    private static TrainingGroup ToTrainingGroup(TaskGroup<Trajectory> group, RunSpec spec)
    {
        var (learning, maxTokens) = (spec.Learning, spec.Sampling.MaxTokens);
        var advantages_G = Advantages.OfGroup(
            [.. group.Scored.Select(trajectory => trajectory.Reward!.Value + OverlongRollouts.LengthPenalty(trajectory.CompletionIds.Length, maxTokens, learning.LengthPenaltyTokens))],
            AdvantageNormalisations.Of(learning.Advantages));
        var rows = group.Scored.Index()
            .Where(scored => OverlongRollouts.IsTaught(scored.Item, learning))
            .Select(scored => new TrainingRow(scored.Item.CompletionIds, scored.Item.LogProbs, advantages_G[scored.Index]) { Index = scored.Item.Index });
        return new TrainingGroup(group.Scored[0].PromptIds, [.. rows]) { Task = group.Task };
    }
}
