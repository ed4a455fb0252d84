using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Pipeline.Tests;

/// <summary>Keeps what an observer is told.</summary>
internal sealed class Recorder : IRunObserver
{
    private readonly Lock _gate = new();
    private readonly List<string> _events = [];
    private readonly Dictionary<string, Action> _actions = [];

    public IReadOnlyList<string> Events
    {
        get { lock (_gate) return [.. _events]; }
    }

    /// <summary>Does something when an event is told for the first time.</summary>
    public void On(string text, Action action)
    {
        lock (_gate) _actions[text] = action;
    }

    public void StatusChanged(RunStatus status) => Add($"status {status.State} {status.Phase} {status.Step}");
    public void PlanWritten(RunId run, StepPlan plan) => Add($"plan {plan.Step}");
    public void ItemDone(RunId run, int step, WorkItem item, long tokens, double seconds) => Add($"item {step} {item.Id}");
    public void ItemFailed(RunId run, int step, string item, string reason) => Add($"item failed {step} {item}: {reason}");
    public void StepCollected(RunId run, StepSummary summary) => Add($"collected {summary.Step}");
    public void Learned(RunId run, LearningSummary summary) => Add($"learned {summary.Step}");
    public void LogProbsDiffer(RunId run, int step, double mismatch, double limit) => Add(FormattableString.Invariant($"log-probs of step {step} differ by {mismatch}, limit {limit}"));
    public void PrepareProgress(RunId run, string text) => Add($"prepare {text}");
    public void AttemptFailed(string queue, string messageId, int attempt, Exception error) => Add($"attempt {attempt} of {messageId}: {error.Message}");
    public void MessageRejected(string queue, string messageId, string reason) => Add($"rejected {messageId}: {reason}");
    public void LeaseLost(string queue, string messageId) => Add($"lease lost {messageId}");

    private void Add(string text)
    {
        Action? action;
        lock (_gate)
        {
            _events.Add(text);
            _actions.Remove(text, out action);
        }
        action?.Invoke();
    }
}
