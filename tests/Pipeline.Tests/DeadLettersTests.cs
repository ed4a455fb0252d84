using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Publish;

namespace KnapsackCloud.Pipeline.Tests;

public class DeadLettersTests
{
    private readonly StoredRun _stored = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Task<WorkOutcome> HandleAsync(IWorkMessage message) =>
        new DeadLetters(_stored.Blobs, _stored.Statuses, _stored, _stored.Observer).HandleAsync(message, Token);

    [Fact]
    public async Task A_given_up_work_item_gets_its_marker_once_and_the_step_goes_on()
    {
        var run = await _stored.StartAtStepOneAsync();
        for (var time = 0; time < 2; time++) Assert.Equal(WorkOutcome.Done, await HandleAsync(new RolloutRequest(run, 1, "t000")));
        Assert.True(await _stored.Store.ExistsAsync(BlobNames.FailedItem(run, 1, "t000"), Token));
        Assert.Equal([new RolloutDone(run, 1, "t000"), new RolloutDone(run, 1, "t000")], _stored.Sent);
        Assert.Equal(RunState.Running, (await _stored.Statuses.ReadAsync(run, Token))!.State);
    }

    [Fact]
    public async Task A_work_item_that_is_not_in_the_plan_gets_none()
    {
        var run = await _stored.StartAtStepOneAsync();
        Assert.IsType<WorkOutcome.Rejected>(await HandleAsync(new RolloutRequest(run, 1, "t001")));
        Assert.False(await _stored.Store.ExistsAsync(BlobNames.FailedItem(run, 1, "t001"), Token));
    }

    public static TheoryData<string> Stages => ["plan", "done", "learn", "checkpoint"];

    [Theory, MemberData(nameof(Stages))]
    public async Task A_stage_that_is_due_and_given_up_fails_the_run_with_the_reason(string stage)
    {
        var run = await _stored.StartAtStepOneAsync();
        Assert.Equal(WorkOutcome.Done, await HandleAsync(Message(stage, run, 1)));
        var status = (await _stored.Statuses.ReadAsync(run, Token))!;
        Assert.Equal(RunState.Failed, status.State);
        Assert.Contains("never came to an end", status.Reason, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Stages))]
    public async Task A_message_of_a_step_that_is_past_changes_nothing(string stage)
    {
        var run = await _stored.StartAtStepOneAsync();
        await _stored.UpdateAsync(run, status => status with { Step = 3, PolicyVersion = new PolicyVersion(3) });
        Assert.Equal(WorkOutcome.Done, await HandleAsync(Message(stage, run, 1)));
        Assert.Equal(RunState.Running, (await _stored.Statuses.ReadAsync(run, Token))!.State);
    }

    [Fact]
    public async Task A_message_of_no_run_is_rejected() =>
        Assert.IsType<WorkOutcome.Rejected>(await HandleAsync(new PlanRequest(RunId.Parse("none"), 1)));

    [Fact]
    public async Task The_first_policy_that_nobody_could_make_fails_the_run()
    {
        var run = await _stored.StartAsync(Samples.Spec);
        await HandleAsync(new LearnRequested(run, 0));
        Assert.Equal(RunState.Failed, (await _stored.Statuses.ReadAsync(run, Token))!.State);
    }

    private static IWorkMessage Message(string stage, RunId run, int step) => stage switch
    {
        "plan" => new PlanRequest(run, step),
        "done" => new RolloutDone(run, step, "t000"),
        "learn" => new LearnRequested(run, step),
        _ => new CheckpointReady(run, new PolicyVersion(step)),
    };
}
