namespace KnapsackCloud.Cli.Piping;

/// <summary>When a run's phases began, by the status that each change leaves.</summary>
internal sealed class StepTimeline
{
    private readonly Dictionary<(int Step, string Phase), DateTimeOffset> _begun = [];

    public void Add(StatusLook status)
    {
        if (status.PolicyVersion is null) return;
        _begun.TryAdd((status.Step + 1, status.State == "completed" ? "plan" : status.Phase), status.UpdatedAt);
    }

    /// <summary>Seconds of a step and of its rollouts, these from plan to collection; null for one that was not seen whole.</summary>
    public (double Step, double Rollout)? Of(int step) =>
        _begun.TryGetValue((step, "plan"), out var planned) && _begun.TryGetValue((step, "rollout"), out var rollout)
        && _begun.TryGetValue((step, "learn"), out var learning) && _begun.TryGetValue((step + 1, "plan"), out var published)
            ? ((published - planned).TotalSeconds, (learning - rollout).TotalSeconds)
            : null;
}
