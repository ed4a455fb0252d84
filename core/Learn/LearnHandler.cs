using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Core.Learn;

/// <summary>
/// Stage 4: makes the policy of a step from the mixed groups of its rollouts, or policy 0 for step 0, and publishes its
/// files. A step without any mixed group makes a version too, so that step and version stay one number.
/// </summary>
public sealed class LearnHandler(
    RunBlobs blobs, RunStatusStore statuses, IMessageSender outbox, IRunObserver observer, ILearner learner, IPolicyFolders folders, ComputeThread thread)
    : IWorkHandler<LearnRequested>
{
    public async Task<WorkOutcome> HandleAsync(LearnRequested message, CancellationToken cancellation)
    {
        var (run, step) = (message.Run, message.Step);
        if (await StageGuard.SettledAsync(statuses, run, step, cancellation) is { } settled) return settled;
        var version = new PolicyVersion(step);
        if (!await blobs.Store.ExistsAsync(BlobNames.Manifest(run, version), cancellation))
        {
            var made = step == 0 ? await PrepareAsync(run, cancellation) : await UpdateAsync(run, step, cancellation);
            if (!made) return WorkOutcome.Done;
        }
        await outbox.SendAsync(new CheckpointReady(run, version), cancellation);
        return WorkOutcome.Done;
    }

    public Task GiveUpAsync(LearnRequested message, Exception error, CancellationToken cancellation)
    {
        var what = message.Step == 0 ? "the policy to start from could not be made" : $"step {message.Step} could not be learnt";
        return statuses.FailAsync(message.Run, $"{what}: {error.Message}", cancellation);
    }

    private async Task<bool> PrepareAsync(RunId run, CancellationToken cancellation)
    {
        var spec = await blobs.ReadSpecAsync(run, cancellation);
        var version = new PolicyVersion(0);
        var output = folders.CreateWorkFolder(run, version);
        var progress = new ProgressTo(text => observer.PrepareProgress(run, text));
        await thread.RunAsync(() => { learner.Prepare(spec, output, progress, cancellation); return true; });
        await folders.PublishAsync(run, version, output, cancellation);
        return true;
    }

    /// <summary>False when the step is not collected yet: the message came too early, and Collect sends another.</summary>
    private async Task<bool> UpdateAsync(RunId run, int step, CancellationToken cancellation)
    {
        if (await blobs.ReadSummaryAsync(run, step, cancellation) is not { } summary) return false;
        var spec = await blobs.ReadSpecAsync(run, cancellation);
        var plan = await blobs.RequirePlanAsync(run, step, cancellation);
        var lag = PolicyLag.Of(step, plan.Policy);
        if (lag < 0 || lag > spec.Learning.MaxLag)
            throw new InvalidDataException($"the rollouts of step {step} were planned for policy {plan.Policy}, {lag} versions behind the one they would update; learning.maxLag allows {spec.Learning.MaxLag}");
        var results = await StepResults.ReadTrajectoriesAsync(blobs, run, plan, summary.FailedItems, cancellation);
        var version = new PolicyVersion(step);
        var input = new LearningInput
        {
            Step = step,
            BaseFolder = await folders.FetchAsync(run, new PolicyVersion(step - 1), cancellation),
            InitialFolder = spec.Model.Adapter is null ? null : await folders.FetchAsync(run, new PolicyVersion(0), cancellation),
            ReferenceFolder = ReferencePolicy.Of(spec.Learning, step) is { } reference ? await folders.FetchAsync(run, reference, cancellation) : null,
            Batch = TrainingGroups.Of(GroupJoin.Join(plan, results, WorkPurpose.Training), spec),
        };
        var output = folders.CreateWorkFolder(run, version);
        var learning = await thread.RunAsync(() => learner.Update(spec, input, output, cancellation));
        await blobs.CreateAsync(BlobNames.Learning(run, step), learning, ContractsJson.Default.LearningSummary, cancellation);
        await folders.PublishAsync(run, version, output, cancellation);
        observer.Learned(run, learning);
        var limit = spec.Learning.MismatchLimit;
        // With a lag both are different policies, and differ by what was learnt between them.
        if (lag == 0 && learning.MaxLogProbMismatch > limit) observer.LogProbsDiffer(run, step, learning.MaxLogProbMismatch, limit);
        return true;
    }

    /// <summary>Unlike <see cref="Progress{T}"/> it reports in order, on the caller's thread.</summary>
    private sealed class ProgressTo(Action<string> report) : IProgress<string>
    {
        public void Report(string value) => report(value);
    }
}
