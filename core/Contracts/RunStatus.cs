using System.Text.Json.Serialization;

namespace KnapsackCloud.Core.Contracts;

[JsonConverter(typeof(JsonStringEnumConverter<RunState>))]
public enum RunState { Created, Running, Paused, Completed, Failed, Cancelled }

[JsonConverter(typeof(JsonStringEnumConverter<RunPhase>))]
public enum RunPhase { Prepare, Plan, Rollout, Learn, Publish, Evaluate, Done }

/// <summary>The only blob of a run that changes; every change is one compare-and-swap. It points at the current policy.</summary>
public sealed record RunStatus
{
    public int Format { get; init; } = MessageFormat.Current;
    public required RunId Id { get; init; }
    public required string Name { get; init; }
    public required RunState State { get; init; }
    public required RunPhase Phase { get; init; }
    /// <summary>Last finished step; 0 before the first.</summary>
    public required int Step { get; init; }
    public required int Steps { get; init; }
    /// <summary>Null until policy 0 is there.</summary>
    public PolicyVersion? PolicyVersion { get; init; }
    public string? Reason { get; init; }
    public RunTotals Totals { get; init; } = new();
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>Sums over the finished steps; training rollouts only.</summary>
public sealed record RunTotals
{
    public long Rollouts { get; init; }
    public long MixedRollouts { get; init; }
    public long Groups { get; init; }
    public long MixedGroups { get; init; }
    public long Tokens { get; init; }
    public double GpuSeconds { get; init; }
    public double EffectiveGradientRatio => Rollouts == 0 ? 0 : (double)MixedRollouts / Rollouts;
    public double EffectivePromptRatio => Groups == 0 ? 0 : (double)MixedGroups / Groups;
}
