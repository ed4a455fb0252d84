using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Cli.Running;

/// <summary>What a view shows of a run at one moment.</summary>
internal sealed record RunSnapshot
{
    public RunStatus? Status { get; init; }
    /// <summary>The latest line of news, such as warm-up progress or a retry.</summary>
    public string Note { get; init; } = "";
    public StepSummary? LastStep { get; init; }
    public LearningSummary? LastLearning { get; init; }
    /// <summary>Averages over the last steps.</summary>
    public double Reward { get; init; }
    public double EffectiveGradientRatio { get; init; }
    public double EffectivePromptRatio { get; init; }
    public IReadOnlyList<FamilySummary> Families { get; init; } = [];
    /// <summary>Completion tokens a second while generating, all workers together.</summary>
    public double TokensPerSecond { get; init; }
    public double SecondsGenerating { get; init; }
    public double SecondsLearning { get; init; }
    public double SecondsOther { get; init; }
    /// <summary>Wall-clock of the steps still to come; null until a few are done.</summary>
    public TimeSpan? Remaining { get; init; }
    public IReadOnlyList<(int Version, double Accuracy)> Evaluations { get; init; } = [];
}
