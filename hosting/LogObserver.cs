using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Stages;
using Microsoft.Extensions.Logging;

namespace KnapsackCloud.Hosting;

/// <summary>Writes what happens in runs to the log, with the ids to search by. Event ids are stable: 1xx runs, 2xx steps, 3xx messages.</summary>
public sealed partial class LogObserver(ILogger<LogObserver> logger) : IRunObserver
{
    public void StatusChanged(RunStatus status) =>
        LogStatus(status.Id, status.State, status.Phase, status.Step, status.Steps, status.PolicyVersion?.Value ?? -1, status.Reason ?? "");

    public void PlanWritten(RunId run, StepPlan plan) => LogPlan(run, plan.Step, plan.Policy.Value, plan.Items.Count);

    public void ItemDone(RunId run, int step, WorkItem item, long tokens, double seconds) => LogItemDone(run, step, item.Id, tokens, seconds);

    public void ItemDoubled(RunId run, int step, WorkItem item, long tokens) => LogItemDoubled(run, step, item.Id, tokens);

    public void ItemFailed(RunId run, int step, string item, string reason) => LogItemFailed(run, step, item, reason);

    public void StepCollected(RunId run, StepSummary summary) =>
        LogCollected(run, summary.Step, summary.Policy.Value, summary.Rollouts, summary.MeanReward, summary.EffectiveGradientRatio);

    public void Learned(RunId run, LearningSummary summary)
    {
        LogLearned(run, summary.Step, summary.Version.Value, summary.Updates, summary.Seconds);
        if (summary.AccumulatedRows > 0) LogAccumulated(run, summary.Step, summary.AccumulatedRows);
        if (summary.Skipped is [var first, ..]) LogSkipped(run, summary.Step, summary.Version.Value, summary.SkippedUpdates, first.Reason, BlobNames.Learning(run, summary.Step));
    }

    public void LogProbsDiffer(RunId run, int step, double mismatch, double limit) => LogMismatch(run, step, mismatch, limit);

    public void PrepareProgress(RunId run, string text) => LogPrepare(run, text);

    public void AttemptFailed(string queue, string messageId, int attempt, Exception error) => LogAttemptFailed(error, queue, messageId, attempt);

    public void MessageRejected(string queue, string messageId, string reason) => LogRejected(queue, messageId, reason);

    public void LeaseLost(string queue, string messageId) => LogLeaseLost(queue, messageId);

    [LoggerMessage(100, LogLevel.Information, "Run {Run} is {State} in {Phase}, step {Step} of {Steps}, policy {PolicyVersion} {Reason}")]
    private partial void LogStatus(RunId run, RunState state, RunPhase phase, int step, int steps, int policyVersion, string reason);

    [LoggerMessage(101, LogLevel.Information, "Run {Run} prepares policy 0: {Text}")]
    private partial void LogPrepare(RunId run, string text);

    [LoggerMessage(200, LogLevel.Information, "Run {Run} step {Step} is planned with policy {PolicyVersion}: {Items} work items")]
    private partial void LogPlan(RunId run, int step, int policyVersion, int items);

    [LoggerMessage(201, LogLevel.Information, "Run {Run} step {Step} item {Item} is done: {Tokens} tokens in {Seconds:F2} s")]
    private partial void LogItemDone(RunId run, int step, string item, long tokens, double seconds);

    [LoggerMessage(202, LogLevel.Error, "Run {Run} step {Step} item {Item} is given up: {Reason}")]
    private partial void LogItemFailed(RunId run, int step, string item, string reason);

    [LoggerMessage(203, LogLevel.Information, "Run {Run} step {Step} with policy {PolicyVersion} is collected: {Rollouts} rollouts, reward {Reward:F3}, effective-gradient ratio {Ratio:F3}")]
    private partial void LogCollected(RunId run, int step, int policyVersion, int rollouts, double reward, double ratio);

    [LoggerMessage(204, LogLevel.Information, "Run {Run} step {Step} is learnt as policy {PolicyVersion}: {Updates} updates in {Seconds:F2} s")]
    private partial void LogLearned(RunId run, int step, int policyVersion, int updates, double seconds);

    [LoggerMessage(205, LogLevel.Warning, "Run {Run} step {Step} item {Item} was done elsewhere meanwhile: {Tokens} tokens in vain")]
    private partial void LogItemDoubled(RunId run, int step, string item, long tokens);

    [LoggerMessage(206, LogLevel.Warning, "Run {Run} step {Step}: policy {PolicyVersion} was made without {Skipped} updates, the first because {Reason}; {Blob} names their rollouts")]
    private partial void LogSkipped(RunId run, int step, int policyVersion, int skipped, string reason, BlobName blob);

    [LoggerMessage(207, LogLevel.Warning, "Run {Run} step {Step}: sampler and learner differ by {Mismatch:F3} nats in a token's log-prob, above learning.mismatchLimit {Limit}")]
    private partial void LogMismatch(RunId run, int step, double mismatch, double limit);

    [LoggerMessage(208, LogLevel.Information, "Run {Run} step {Step}: the gradients of {Rows} rollouts wait for the update of a later step")]
    private partial void LogAccumulated(RunId run, int step, int rows);

    [LoggerMessage(300, LogLevel.Warning, "Queue {Queue} message {MessageId}: attempt {Attempt} failed")]
    private partial void LogAttemptFailed(Exception error, string queue, string messageId, int attempt);

    [LoggerMessage(301, LogLevel.Warning, "Queue {Queue} message {MessageId} is refused: {Reason}")]
    private partial void LogRejected(string queue, string messageId, string reason);

    [LoggerMessage(302, LogLevel.Warning, "Queue {Queue} message {MessageId}: the lease was lost, the work goes elsewhere")]
    private partial void LogLeaseLost(string queue, string messageId);
}
