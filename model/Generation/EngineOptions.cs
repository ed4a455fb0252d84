namespace KnapsackCloud.Model.Generation;

/// <summary>What one engine may use. None of it changes which tokens a rollout gets, but for rounding.</summary>
public sealed record EngineOptions
{
    /// <summary>Threads inside tensor operations. 1 is best with an engine per core; a single engine of a large model wants all cores.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Rollouts generated at once.</summary>
    public int MaxRows { get; init; } = 1024;

    /// <summary>Bytes of keys, values and logits; at least one rollout runs whatever its size.</summary>
    public long CacheBytes { get; init; } = 1L << 30;

    /// <summary>Prompt tokens, padding included, in one forward pass; at least one prompt runs whatever its length.</summary>
    public int PrefillTokens { get; init; } = 4096;
}
