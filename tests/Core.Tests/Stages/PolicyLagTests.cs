using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Tests.Stages;

public class PolicyLagTests
{
    private static RunSpec Spec(int lag) => new() { Steps = 6, Learning = new LearningSpec { MaxLag = lag }, Evaluation = new EvaluationSpec { Every = 2 } };

    [Theory]
    [InlineData(0, "0 1 2 3 4 5 6")]
    [InlineData(1, "0 0 1 2 3 4 6")]
    [InlineData(3, "0 0 0 0 1 2 6")]
    public void A_step_is_generated_by_the_policy_so_many_versions_behind_and_the_closing_step_by_the_last(int lag, string policies) =>
        Assert.Equal(policies, string.Join(' ', Enumerable.Range(1, 7).Select(step => PolicyLag.GeneratorOf(Spec(lag), step).Value)));

    [Theory]
    [InlineData(0, "1 2 3 4 5 6 7")]
    [InlineData(1, "2 3 4 5 6 6 7")]
    [InlineData(3, "4 5 6 6 6 6 7")]
    public void Rollouts_run_ahead_of_the_learner_by_the_lag_and_the_closing_step_waits_for_the_last_policy(int lag, string steps) =>
        Assert.Equal(steps, string.Join(' ', Enumerable.Range(0, 7).Select(published => PolicyLag.LastOpen(Spec(lag), published))));

    [Fact]
    public void An_open_step_has_the_policy_that_generates_it()
    {
        for (var (lag, published) = (0, 0); lag < 9; lag++, published = lag % 7)
            Assert.InRange(PolicyLag.GeneratorOf(Spec(lag), PolicyLag.LastOpen(Spec(lag), published)).Value, 0, published);
    }

    [Theory]
    [InlineData(0, "1 3 5 7")]
    [InlineData(1, "1 4 6 7")]
    [InlineData(3, "1 6 7")]
    public void A_policy_is_evaluated_once_in_the_first_step_that_it_generates(int lag, string steps) =>
        Assert.Equal(steps, string.Join(' ', Enumerable.Range(1, 7).Where(step => EvaluationSchedule.IsDue(Spec(lag), step))));

    [Theory]
    [InlineData(0, "3")]
    [InlineData(2, "3 4 5")]
    public void A_run_works_on_the_steps_after_its_last_policy(int lag, string open)
    {
        var status = new RunStatus
        {
            Id = RunId.Parse("r"),
            Name = "r",
            State = RunState.Running,
            Phase = RunPhase.Plan,
            Step = 2,
            Steps = 6,
            PolicyVersion = new PolicyVersion(2),
            CreatedAt = DateTimeOffset.UnixEpoch,
            UpdatedAt = DateTimeOffset.UnixEpoch,
        };
        Assert.Equal(open, string.Join(' ', Enumerable.Range(0, 9).Where(step => RunStates.IsOpen(status, step, Spec(lag)))));
        Assert.DoesNotContain(Enumerable.Range(0, 9), step => RunStates.IsOpen(status with { State = RunState.Paused }, step, Spec(lag)));
        Assert.DoesNotContain(Enumerable.Range(0, 9), step => RunStates.IsOpen(status with { PolicyVersion = null }, step, Spec(lag)));
    }
}
