using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Cli.Running;

/// <summary>Listens to a run and keeps what the views show; times each step and notes the process's memory.</summary>
internal sealed class RunMonitor(TimeProvider time, Action<StepTiming> timed) : IRunObserver
{
    /// <summary>Steps over which the view averages.</summary>
    private const int Window = 20;

    private readonly Lock _lock = new();
    private readonly Queue<StepSummary> _recent = new();
    private readonly Queue<double> _stepSeconds = new();
    private readonly SortedDictionary<int, double> _evaluations = [];
    private RunSnapshot _snapshot = new();
    private long _stepStart = time.GetTimestamp();
    private long _planned;
    private double _generating;
    private long _tokens;

    /// <summary>Raised outside the lock after every change that a plain log would print.</summary>
    public event Action<RunSnapshot>? StepFinished;
    public event Action<string>? Noted;

    public RunSnapshot Snapshot
    {
        get { lock (_lock) return _snapshot; }
    }

    public void StatusChanged(RunStatus status)
    {
        StepTiming? timing = null;
        lock (_lock)
        {
            var finished = status.Step > (_snapshot.Status?.Step ?? status.Step) || (status.Step == 0 && _snapshot.Status is { PolicyVersion: null } && status.PolicyVersion is not null);
            _snapshot = _snapshot with { Status = status };
            if (finished) timing = FinishStep(status);
        }

        if (timing is null) return;
        if (timing.Step > 0) timed(timing);
        StepFinished?.Invoke(Snapshot);
    }

    public void PlanWritten(RunId run, StepPlan plan)
    {
        if (plan.Round > 1) return;
        lock (_lock) (_planned, _generating, _tokens) = (time.GetTimestamp(), 0, 0);
    }

    public void ItemDone(RunId run, int step, WorkItem item, long tokens, double seconds)
    {
        lock (_lock)
        {
            _tokens += tokens;
            _generating = time.GetElapsedTime(_planned).TotalSeconds;
            _snapshot = _snapshot with { TokensPerSecond = _generating > 0 ? _tokens / _generating : 0 };
        }
    }

    public void ItemFailed(RunId run, int step, string item, string reason) => Note($"step {step}: work item {item} failed and is left out: {reason}");

    public void StepCollected(RunId run, StepSummary summary)
    {
        lock (_lock)
        {
            if (summary.Evaluation is { } evaluation) _evaluations[summary.Policy.Value] = evaluation.MeanReward;
            if (summary.Groups > 0)
            {
                _recent.Enqueue(summary);
                if (_recent.Count > Window) _recent.Dequeue();
            }

            _snapshot = _snapshot with { LastStep = summary, Evaluations = [.. _evaluations.Select(pair => (pair.Key, pair.Value))] };
            if (_recent.Count > 0) _snapshot = Averaged(_snapshot);
        }
    }

    public void Learned(RunId run, LearningSummary summary)
    {
        lock (_lock) _snapshot = _snapshot with { LastLearning = summary };
    }

    public void AttemptFailed(string queue, string messageId, int attempt, Exception error) => Note($"{queue}: attempt {attempt} failed, trying again: {error.Message}");

    public void MessageRejected(string queue, string messageId, string reason) => Note($"{queue}: message {messageId} was refused: {reason}");

    public void PrepareProgress(RunId run, string text) => Note(text);

    private void Note(string text)
    {
        lock (_lock) _snapshot = _snapshot with { Note = text };
        Noted?.Invoke(text);
    }

    private StepTiming FinishStep(RunStatus status)
    {
        var total = time.GetElapsedTime(_stepStart).TotalSeconds;
        _stepStart = time.GetTimestamp();
        var learning = _snapshot.LastLearning is { } learned && learned.Step == status.Step ? Math.Min(learned.Seconds, total) : 0;
        var generating = Math.Min(_generating, total - learning);
        var timing = new StepTiming(status.Step, generating, learning, total - generating - learning, Environment.WorkingSet);
        _snapshot = _snapshot with { Note = "" };
        // Making policy 0 is no step: it would drown the split of the first ones.
        if (status.Step == 0) return timing;
        _stepSeconds.Enqueue(total);
        if (_stepSeconds.Count > Window) _stepSeconds.Dequeue();
        _snapshot = _snapshot with
        {
            SecondsGenerating = _snapshot.SecondsGenerating + timing.Generating,
            SecondsLearning = _snapshot.SecondsLearning + timing.Learning,
            SecondsOther = _snapshot.SecondsOther + timing.Other,
            Remaining = _stepSeconds.Count < 3 ? null : TimeSpan.FromSeconds(_stepSeconds.Average() * (status.Steps - status.Step)),
        };
        return timing;
    }

    private RunSnapshot Averaged(RunSnapshot snapshot) => snapshot with
    {
        Reward = _recent.Average(step => step.MeanReward),
        EffectiveGradientRatio = _recent.Average(step => step.EffectiveGradientRatio),
        EffectivePromptRatio = _recent.Average(step => step.EffectivePromptRatio),
        Families =
        [
            .. _recent.SelectMany(step => step.Families).GroupBy(family => family.Family).OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => new FamilySummary(
                    group.Key,
                    group.Sum(f => f.Groups),
                    group.Sum(f => f.MixedGroups),
                    group.Sum(f => f.Rollouts),
                    group.Sum(f => f.MeanReward * f.Groups) / Math.Max(1, group.Sum(f => f.Groups)))),
        ],
    };
}
