using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using KnapsackCloud.Cli.Reporting;

namespace KnapsackCloud.Cli.Comparing;

/// <summary>The arms of a comparison and the paired differences of each arm to the first.</summary>
/// <param name="Target">Held-out accuracy for rollouts-to-target: the first arm's mean final accuracy.</param>
internal sealed record Comparison(IReadOnlyList<ComparisonArm> Arms, double Target)
{
    public static Comparison Of(IReadOnlyList<ComparisonArm> arms) => new(arms, arms[0].Final.Mean);

    public IReadOnlyList<PairedDifference> Paired { get; } =
    [
        .. Arms.Skip(1).SelectMany(arm => (PairedDifference[])
        [
            PairedDifference.Between(arm, Arms[0], "final", run => run.Final),
            PairedDifference.Between(arm, Arms[0], "effectiveGradientRatio", run => run.EffectiveGradientRatio),
            PairedDifference.Between(arm, Arms[0], "effectivePromptRatio", run => run.EffectivePromptRatio),
        ]),
    ];

    public IEnumerable<ReportTable> Tables()
    {
        yield return new ReportTable(
            $"{Arms[0].Runs.Count} seeds each; 95% Student intervals",
            ["policy", "held-out accuracy", "effective-gradient ratio", "effective-prompt ratio", $"rollouts to {Number(Target)}", "seconds"],
            [.. Arms.Select(arm => (string[])[arm.Policy, Text(arm.Final), Text(arm.EffectiveGradientRatio), Text(arm.EffectivePromptRatio), ToTarget(arm), arm.Seconds.Mean.ToString("0", CultureInfo.InvariantCulture)])]);
        if (Paired.Count == 0) yield break;
        yield return new ReportTable(
            "Paired over seeds",
            ["difference", "metric", "mean", "wins"],
            [.. Paired.Select(pair => (string[])[$"{pair.A} - {pair.B}", pair.Metric, Text(new Estimate(pair.Difference, pair.Ci95)), $"{pair.Wins} of {pair.Of}"])]);
    }

    public string ToJson() => JsonSerializer.Serialize(
        new ComparisonJson(
            [.. Arms.Select(arm => new ArmJson(arm.Policy, arm.Loss, arm.LearningRate, [.. arm.Runs.Select(run => run.Seed)], arm.Final, arm.EffectiveGradientRatio, arm.EffectivePromptRatio, arm.RolloutsTo(Target).Rollouts))],
            Paired),
        CompareJson.Default.ComparisonJson);

    private string ToTarget(ComparisonArm arm) => arm.RolloutsTo(Target) switch
    {
        (null, _) => "never",
        ({ } rollouts, var reached) => string.Create(CultureInfo.InvariantCulture, $"{rollouts.Mean:N0}{(reached < arm.Runs.Count ? $" ({reached} of {arm.Runs.Count} seeds)" : "")}"),
    };

    private static string Text(Estimate estimate) =>
        estimate.Ci95 is [var low, var high] ? $"{Number(estimate.Mean)} ({Number(low)} to {Number(high)})" : Number(estimate.Mean);

    private static string Number(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}

internal sealed record ComparisonJson(IReadOnlyList<ArmJson> Arms, IReadOnlyList<PairedDifference> Paired);

internal sealed record ArmJson(string Policy, string Loss, double LearningRate, ulong[] Seeds, Estimate Final, Estimate EffectiveGradientRatio, Estimate EffectivePromptRatio, Estimate? RolloutsToTarget);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ComparisonJson))]
internal sealed partial class CompareJson : JsonSerializerContext;
