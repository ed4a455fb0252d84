using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Tests.Collect;

public class StepSummariesTests
{
    private static readonly TaskGroup<RolloutOutcome>[] Groups =
    [
        Rollouts.Group("easy", 1, 1, 1, 1),
        Rollouts.Group("mixed", 1, 0, 0, null),
        Rollouts.Group("lost", null, null),
    ];

    [Fact]
    public void Both_ratios_count_what_was_paid_for()
    {
        var summary = StepSummaries.Summarise(Rollouts.Plan([("easy", 4), ("mixed", 4), ("lost", 2)]), Groups, null, ["t001"], task => task.Value[..1]);
        Assert.Equal((3, 1, 10, 3, 3), (summary.Groups, summary.MixedGroups, summary.Rollouts, summary.MixedRollouts, summary.ErroredRollouts));
        Assert.Equal((0.3, 1 / 3.0), (summary.EffectiveGradientRatio, summary.EffectivePromptRatio));
        Assert.Equal((1 + (1 / 3.0)) / 2, summary.MeanReward);
        Assert.Equal((30, 5.0), (summary.Tokens, summary.GenerationSeconds));
        Assert.Equal(["e", "l", "m"], summary.Families.Select(family => family.Family));
        Assert.Equal((0.25, 0.5, 0.5), (summary.Predicted.MeanReward, summary.Predicted.EffectiveGradientRatio, summary.Predicted.EffectivePromptRatio));
    }

    [Fact]
    public void A_step_without_training_has_ratios_of_zero()
    {
        var summary = StepSummaries.Summarise(Rollouts.Plan([]), [], StepSummaries.Evaluate([Groups[0]], 4, _ => "f"), [], _ => "f");
        Assert.Equal((0, 0, 0.0, 0.0), (summary.Groups, summary.Rollouts, summary.EffectiveGradientRatio, summary.MeanReward));
        Assert.Equal((1, 4, 1.0), (summary.Evaluation!.Tasks, summary.Evaluation.Samples, summary.Evaluation.MeanReward));
    }

    [Fact]
    public void An_evaluation_of_which_nothing_could_be_scored_is_none() =>
        Assert.Null(StepSummaries.Evaluate([Groups[2]], 4, _ => "f"));

    [Fact]
    public void A_group_is_mixed_by_its_rewards_alone()
    {
        Assert.True(Rollouts.Group("a", 0.1, 0.1 + 1e-12).IsMixed);
        Assert.False(Rollouts.Group("a", 0.1, 0.1, 0.1).IsMixed);
        Assert.False(Rollouts.Group("a", 1, null).IsMixed);
        Assert.False(Rollouts.Group("a").IsMixed);
    }
}
