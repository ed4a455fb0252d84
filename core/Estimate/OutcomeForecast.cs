namespace KnapsackCloud.Core.Estimate;

/// <summary>What a run's training rollouts are expected to bring, per step, as long as the policy is what the ledger saw.</summary>
public sealed record OutcomeForecast
{
    /// <summary>Steps that were simulated, each <see cref="Worlds"/> times.</summary>
    public required int Steps { get; init; }
    public required int Worlds { get; init; }
    public required double RolloutsPerStep { get; init; }
    public required double GroupsPerStep { get; init; }
    public required double MixedRolloutsPerStep { get; init; }
    /// <summary>Completion tokens.</summary>
    public required double TokensPerStep { get; init; }
    public required ForecastRange MeanReward { get; init; }
    public required ForecastRange EffectiveGradientRatio { get; init; }
    public required ForecastRange EffectivePromptRatio { get; init; }
}

/// <summary>Mean over the worlds, and the lowest and highest of them: how much the unknown success rates leave open.</summary>
public sealed record ForecastRange(double Mean, double Low, double High)
{
    internal static ForecastRange Of(IReadOnlyList<double> worlds) => new(worlds.Average(), worlds.Min(), worlds.Max());
}
