using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;

namespace KnapsackCloud.Core.Stages;

/// <summary>
/// What happens in a run, as it happens, for a live view or logs. Called from any thread, possibly twice for one event
/// when work comes again; must be quick and must not throw.
/// </summary>
public interface IRunObserver : IPumpObserver
{
    /// <summary>After each compare-and-swap of the status.</summary>
    void StatusChanged(RunStatus status) { }

    /// <summary>A step's plan is in the store.</summary>
    void PlanWritten(RunId run, StepPlan plan) { }

    /// <summary>A work item's blob is in the store.</summary>
    /// <param name="tokens">Completion tokens.</param>
    /// <param name="seconds">Of generation.</param>
    void ItemDone(RunId run, int step, WorkItem item, long tokens, double seconds) { }

    /// <summary>A work item was generated in vain: its blob came from elsewhere meanwhile, after a lost lease or a doubled message.</summary>
    /// <param name="tokens">Completion tokens.</param>
    void ItemDoubled(RunId run, int step, WorkItem item, long tokens) { }

    /// <summary>A work item ended in a terminal marker.</summary>
    void ItemFailed(RunId run, int step, string item, string reason) { }

    void StepCollected(RunId run, StepSummary summary) { }

    void Learned(RunId run, LearningSummary summary) { }

    /// <summary>Sampler and learner disagree on a step's log-probs by more than the spec allows.</summary>
    /// <param name="mismatch">Largest absolute difference, in nats.</param>
    void LogProbsDiffer(RunId run, int step, double mismatch, double limit) { }

    /// <summary>What the learner says while it makes policy 0.</summary>
    void PrepareProgress(RunId run, string text) { }
}
