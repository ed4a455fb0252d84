using System.Text.Json;
using System.Text.Json.Serialization;
using KnapsackCloud.Cli.Reporting;

namespace KnapsackCloud.Cli.Running;

/// <summary>The last line of <c>run --json</c>; docs/cli.md has the members.</summary>
internal sealed record RunOutcome(
    string Run, string State, int Steps, int? PolicyVersion, double? RewardFirst, double? RewardLast,
    double EffectiveGradientRatio, double EffectivePromptRatio, long Rollouts, long Tokens,
    double SecondsGenerating, double SecondsLearning, double SecondsOther, BeforeAndAfter? Evaluation, string Folder)
{
    /// <summary>Steps whose rewards are averaged at either end of the run.</summary>
    private const int Ends = 20;

    public static RunOutcome Of(RunHistory history, string folder)
    {
        var (status, steps) = (history.Status, history.TrainingSteps);
        return new RunOutcome(
            status.Id.Value,
            status.State.ToString().ToLowerInvariant(),
            status.Step,
            status.PolicyVersion?.Value,
            steps.Count == 0 ? null : steps.Take(Ends).Average(step => step.MeanReward),
            steps.Count == 0 ? null : steps.TakeLast(Ends).Average(step => step.MeanReward),
            status.Totals.EffectiveGradientRatio,
            status.Totals.EffectivePromptRatio,
            status.Totals.Rollouts,
            status.Totals.Tokens,
            history.Timings.Sum(timing => timing.Generating),
            history.Timings.Sum(timing => timing.Learning),
            history.Timings.Sum(timing => timing.Other),
            history.Evaluations is [var first, ..] ? new BeforeAndAfter(first.Evaluation.MeanReward, history.Evaluations[^1].Evaluation.MeanReward) : null,
            folder);
    }

    public string ToJson() => JsonSerializer.Serialize(this, RunOutcomeJson.Default.RunOutcome);
}

internal sealed record BeforeAndAfter(double Before, double After);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(RunOutcome))]
internal sealed partial class RunOutcomeJson : JsonSerializerContext;
