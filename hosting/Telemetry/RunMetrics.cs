using System.Diagnostics.Metrics;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Hosting.Telemetry;

/// <summary>What happens in runs as metrics of the meter <see cref="MeterName"/>; docs/hosts.md lists them.</summary>
public sealed class RunMetrics : IRunObserver
{
    public const string MeterName = "KnapsackCloud";
    private readonly Counter<long> _tokens;
    private readonly Counter<double> _generating;
    private readonly Counter<double> _learning;
    private readonly Counter<long> _items;
    private readonly Counter<long> _updates;
    private readonly Counter<long> _leasesLost;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _refusals;
    private readonly Histogram<double> _waits;
    private readonly Gauge<double> _reward;
    private readonly Gauge<double> _gradientRatio;
    private readonly Gauge<double> _promptRatio;
    private readonly Gauge<int> _step;
    private readonly Gauge<int> _lag;

    public RunMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _tokens = meter.CreateCounter<long>("knapsack.rollout.tokens", "{token}", "Completion tokens generated and kept");
        _generating = meter.CreateCounter<double>("knapsack.rollout.time", "s", "Generation; with the tokens, their speed");
        _learning = meter.CreateCounter<double>("knapsack.learning.time", "s", "Learner updates");
        _items = meter.CreateCounter<long>("knapsack.items", "{item}", "Work items by outcome: done, doubled, failed");
        _updates = meter.CreateCounter<long>("knapsack.updates", "{update}", "Learner updates by outcome: applied, skipped");
        _leasesLost = meter.CreateCounter<long>("knapsack.leases.lost", "{lease}", "Leases that ran out under their work, by queue");
        _failures = meter.CreateCounter<long>("knapsack.attempts.failed", "{attempt}", "Attempts that ended in an error and are tried again or given up, by queue");
        _refusals = meter.CreateCounter<long>("knapsack.messages.refused", "{message}", "Messages put aside for good, by queue");
        _waits = meter.CreateHistogram<double>("knapsack.queue.wait", "s", "Age of a message when its handling begins, by queue");
        _reward = meter.CreateGauge<double>("knapsack.step.reward", "1", "Mean reward of the last collected step, by run");
        _gradientRatio = meter.CreateGauge<double>("knapsack.step.effective_gradient_ratio", "1", "Of the last collected step, by run");
        _promptRatio = meter.CreateGauge<double>("knapsack.step.effective_prompt_ratio", "1", "Of the last collected step, by run");
        _step = meter.CreateGauge<int>("knapsack.run.step", "{step}", "Last finished step, by run");
        _lag = meter.CreateGauge<int>("knapsack.policy.lag", "{version}", "Versions between the policy that generates a step and the newest one, by run");
    }

    public void StatusChanged(RunStatus status) => _step.Record(status.Step, Run(status.Id));

    public void PlanWritten(RunId run, StepPlan plan) => _lag.Record(PolicyLag.Of(plan.Step, plan.Policy), Run(run));

    public void ItemDone(RunId run, int step, WorkItem item, long tokens, double seconds)
    {
        _items.Add(1, Outcome("done"));
        _tokens.Add(tokens);
        _generating.Add(seconds);
    }

    public void ItemDoubled(RunId run, int step, WorkItem item, long tokens) => _items.Add(1, Outcome("doubled"));

    public void ItemFailed(RunId run, int step, string item, string reason) => _items.Add(1, Outcome("failed"));

    public void StepCollected(RunId run, StepSummary summary)
    {
        _reward.Record(summary.MeanReward, Run(run));
        _gradientRatio.Record(summary.EffectiveGradientRatio, Run(run));
        _promptRatio.Record(summary.EffectivePromptRatio, Run(run));
    }

    public void Learned(RunId run, LearningSummary summary)
    {
        _learning.Add(summary.Seconds);
        _updates.Add(summary.Updates, Outcome("applied"));
        _updates.Add(summary.SkippedUpdates, Outcome("skipped"));
    }

    public void MessageReceived(string queue, string messageId, TimeSpan? waited)
    {
        if (waited is { } age) _waits.Record(Math.Max(0, age.TotalSeconds), Queue(queue));
    }

    public void AttemptFailed(string queue, string messageId, int attempt, Exception error) => _failures.Add(1, Queue(queue));

    public void MessageRejected(string queue, string messageId, string reason) => _refusals.Add(1, Queue(queue));

    public void LeaseLost(string queue, string messageId) => _leasesLost.Add(1, Queue(queue));

    private static KeyValuePair<string, object?> Run(RunId run) => new("run", run.Value);

    private static KeyValuePair<string, object?> Queue(string name) => new("queue", name);

    private static KeyValuePair<string, object?> Outcome(string outcome) => new("outcome", outcome);
}
