using KnapsackCloud.Core.Collect;

namespace KnapsackCloud.Core.Learn;

/// <summary>Turns the joined groups of a step into what the learner gets.</summary>
public static class TrainingGroups
{
    /// <summary>The mixed groups, in order; uniform ones have no gradient and errored rollouts no reward.</summary>
    public static IReadOnlyList<TrainingGroup> Of(IEnumerable<TaskGroup> groups) =>
        [.. groups.Where(group => group.IsMixed).Select(ToTrainingGroup)];

    private static TrainingGroup ToTrainingGroup(TaskGroup group)
    {
        var advantages_G = Advantages.OfGroup([.. group.Scored.Select(trajectory => trajectory.Reward!.Value)]);
        var rows = group.Scored.Select((trajectory, i) => new TrainingRow(trajectory.CompletionIds, trajectory.LogProbs, advantages_G[i]));
        return new TrainingGroup(group.Scored[0].PromptIds, [.. rows]);
    }
}
