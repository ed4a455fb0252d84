using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Hosting.Telemetry;

/// <summary>Tells several observers, in order.</summary>
public sealed class RunObservers(params IReadOnlyList<IRunObserver> observers) : IRunObserver
{
    public void StatusChanged(RunStatus status) => Tell(observer => observer.StatusChanged(status));

    public void PlanWritten(RunId run, StepPlan plan) => Tell(observer => observer.PlanWritten(run, plan));

    public void ItemDone(RunId run, int step, WorkItem item, long tokens, double seconds) => Tell(observer => observer.ItemDone(run, step, item, tokens, seconds));

    public void ItemDoubled(RunId run, int step, WorkItem item, long tokens) => Tell(observer => observer.ItemDoubled(run, step, item, tokens));

    public void ItemFailed(RunId run, int step, string item, string reason) => Tell(observer => observer.ItemFailed(run, step, item, reason));

    public void StepCollected(RunId run, StepSummary summary) => Tell(observer => observer.StepCollected(run, summary));

    public void Learned(RunId run, LearningSummary summary) => Tell(observer => observer.Learned(run, summary));

    public void LogProbsDiffer(RunId run, int step, double mismatch, double limit) => Tell(observer => observer.LogProbsDiffer(run, step, mismatch, limit));

    public void PrepareProgress(RunId run, string text) => Tell(observer => observer.PrepareProgress(run, text));

    public void MessageReceived(string queue, string messageId, TimeSpan? waited) => Tell(observer => observer.MessageReceived(queue, messageId, waited));

    public void AttemptFailed(string queue, string messageId, int attempt, Exception error) => Tell(observer => observer.AttemptFailed(queue, messageId, attempt, error));

    public void MessageRejected(string queue, string messageId, string reason) => Tell(observer => observer.MessageRejected(queue, messageId, reason));

    public void LeaseLost(string queue, string messageId) => Tell(observer => observer.LeaseLost(queue, messageId));

    private void Tell(Action<IRunObserver> tell)
    {
        foreach (var observer in observers) tell(observer);
    }
}
