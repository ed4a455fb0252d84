using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Rollout;

/// <summary>What a rollout worker works with.</summary>
/// <param name="Scorers">By the verifier's name in the spec.</param>
/// <param name="Thread">May be shared with other handlers, whose messages and blobs then travel while it computes.</param>
/// <param name="Worker">Name written into trajectories, for people.</param>
public sealed record RolloutTools(IPolicyLoader Policies, Func<string, Rewards.IScorer> Scorers, ComputeThread Thread, TimeProvider Time, string Worker);

/// <summary>
/// Stage 2: generates the rollouts of one work item in one call, scores them and writes them as one blob. One call an
/// item, because the rounding of a rollout's log-probs may depend on the batch: the batch is the item, wherever it runs.
/// </summary>
public sealed class RolloutHandler(RunBlobs blobs, RunTasks tasks, RunStatusStore statuses, IMessageSender outbox, IRunObserver observer, RolloutTools tools)
    : IWorkHandler<RolloutRequest>
{
    private readonly GivenUpItems _givenUp = new(blobs, statuses, outbox, observer);

    public async Task<WorkOutcome> HandleAsync(RolloutRequest message, CancellationToken cancellation)
    {
        var (run, step) = (message.Run, message.Step);
        if (await StageGuard.SettledAsync(statuses, blobs, run, step, cancellation) is { } settled) return settled;
        if (!await _givenUp.IsProducedAsync(message, cancellation))
        {
            var plan = await blobs.RequirePlanAsync(run, step, cancellation);
            if (plan.Items.FirstOrDefault(item => item.Id == message.Item) is not { } item)
                return new WorkOutcome.Rejected($"the plan of step {step} has no work item '{message.Item}'");
            await ProduceAsync(run, plan, item, cancellation);
        }
        await outbox.SendAsync(new RolloutDone(run, step, message.Item), cancellation);
        return WorkOutcome.Done;
    }

    /// <summary>
    /// Leaves a terminal marker, so that counting ends. A store or a checkpoint that fails would fail every other item
    /// too: then the run ends, its work kept.
    /// </summary>
    public async Task GiveUpAsync(RolloutRequest message, Exception error, CancellationToken cancellation)
    {
        if (error is StoreException or CheckpointException or InvalidDataException or InvalidInputException)
        {
            await statuses.FailAsync(message.Run, error.Message, cancellation);
            return;
        }
        await _givenUp.MarkAsync(message, error.Message, cancellation);
    }

    /// <summary>On the compute thread, for which another item may have been waited.</summary>
    private (Completion[][] Completions, double Seconds) Generate(ItemRollouts rollouts, ILoadedPolicy policy, CancellationToken cancellation)
    {
        var started = tools.Time.GetTimestamp();
        var completions = rollouts.Generate(policy.Generator, cancellation);
        return (completions, tools.Time.GetElapsedTime(started).TotalSeconds);
    }

    private async Task ProduceAsync(RunId run, StepPlan plan, WorkItem item, CancellationToken cancellation)
    {
        var spec = await blobs.ReadSpecAsync(run, cancellation);
        var known = await tasks.ReadAsync(run, item.Purpose, cancellation);
        var scorer = tools.Scorers(spec.Tasks.Verifier);
        using var policy = await tools.Policies.OpenAsync(run, plan.Policy, cancellation);

        var rollouts = new ItemRollouts(spec, plan, item, known, policy.Tokenizer);
        var (completions, seconds) = await tools.Thread.RunAsync(() => Generate(rollouts, policy, cancellation));
        var trajectories = await rollouts.ScoreAsync(completions, scorer, tools.Worker, seconds, cancellation);
        var tokens = trajectories.Sum(trajectory => (long)trajectory.CompletionIds.Length);
        if (await blobs.CreateTrajectoriesAsync(run, plan.Step, item.Id, trajectories, cancellation)) observer.ItemDone(run, plan.Step, item, tokens, seconds);
        else observer.ItemDoubled(run, plan.Step, item, tokens);
    }
}
