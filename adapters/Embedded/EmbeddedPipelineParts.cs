using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rewards;
using KnapsackCloud.Core.Stages;

namespace KnapsackCloud.Adapters.Embedded;

/// <summary>What a pipeline is put together from. The caller owns and disposes all of it, after the pipeline.</summary>
public sealed record EmbeddedPipelineParts
{
    public required IRunStore Store { get; init; }
    public required IRecordFormat Records { get; init; }
    public required IPolicyFolders Folders { get; init; }
    /// <summary>Used by all workers at once.</summary>
    public required IPolicyLoader Policies { get; init; }
    public required ILearner Learner { get; init; }
    /// <summary>By the verifier's name in the spec.</summary>
    public required Func<string, IScorer> Scorers { get; init; }
    public required IRunObserver Observer { get; init; }
    public required TimeProvider Time { get; init; }
}

/// <summary>How an embedded pipeline works.</summary>
public sealed record EmbeddedPipelineOptions
{
    /// <summary>Rollout workers, each with its own thread. Default: one a core.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Leases and retries. Default 3 attempts, the second after 0.5 s: in one process little heals by waiting.</summary>
    public PumpOptions Pump { get; init; } = new() { MaxAttempts = 3, RetryDelay = TimeSpan.FromMilliseconds(500) };

    /// <summary>How often the watchdog looks whether work that is due has no message. Default 30 s.</summary>
    public TimeSpan Watch { get; init; } = TimeSpan.FromSeconds(30);
}
