using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Core.Estimate;

namespace KnapsackCloud.Cli.Comparing;

/// <summary>The arms of a comparison and the paired differences of each arm to the first one with its loss.</summary>
/// <param name="Target">Held-out accuracy that rollouts, tokens, seconds and dollars are counted to.</param>
/// <param name="Gpu">Whose price the seconds have; null leaves dollars out.</param>
internal sealed record Comparison(IReadOnlyList<ComparisonArm> Arms, double Target, string? Gpu)
{
    /// <param name="target">Null: the first arm's mean final accuracy.</param>
    public static Comparison Of(IReadOnlyList<ComparisonArm> arms, double? target, string? gpu) => new(arms, target ?? arms[0].Of(run => run.Final).Mean, gpu);

    /// <summary>What every run has spent: at so many rollouts all arms can be compared, whatever their budgets.</summary>
    public double EqualRollouts { get; } = Arms.Min(arm => arm.Runs.Min(run => run.Rollouts));

    public IReadOnlyList<PairedDifference> Paired => [.. Arms.SelectMany(arm => Differences(arm, Arms.First(first => first.Loss == arm.Loss)))];

    public IEnumerable<ReportTable> Tables()
    {
        var crossed = Arms.Select(arm => arm.Loss).Distinct().Count() > 1;
        yield return new ReportTable(
            $"{Arms[0].Runs.Count} seeds each; 95% Student intervals",
            ["arm", "learning rate", "held-out accuracy", $"at {EqualRollouts:N0} rollouts", "effective-gradient ratio", "effective-prompt ratio", "rollouts spent", $"rollouts to {Number(Target)}", "tokens", "seconds", .. Gpu is null ? (string[])[] : [$"dollars on {Gpu}"]],
            [.. Arms.Select(arm => (string[])
            [
                Name(arm, crossed), arm.LearningRate.ToString(CultureInfo.InvariantCulture), Text(arm.Of(run => run.Final)), Text(arm.Of(run => run.AccuracyAt(EqualRollouts))),
                Text(arm.Of(run => run.EffectiveGradientRatio)), Text(arm.Of(run => run.EffectivePromptRatio)), Whole(arm.Of(run => run.Rollouts).Mean),
                ToTarget(arm, point => point.Rollouts), ToTarget(arm, point => point.Tokens), ToTarget(arm, point => point.Seconds),
                .. Gpu is null ? (string[])[] : [ToTarget(arm, Usd, Number)],
            ])]);
        if (Paired.Count == 0) yield break;
        yield return new ReportTable(
            "Paired over seeds",
            ["difference", "metric", "mean, 95% Student interval", "bootstrap interval", "wins"],
            [.. Paired.Select(pair => (string[])
            [
                $"{pair.A} - {pair.B}{(crossed ? $", {pair.Loss}" : "")}", pair.Metric, Difference(pair.Difference, pair.Ci95), Difference(null, pair.Bootstrap95), $"{pair.Wins} of {pair.Of}",
            ])]);
    }

    public string ToJson() => JsonSerializer.Serialize(
        new ComparisonJson(
            Target, EqualRollouts,
            [.. Arms.Select(arm => new ArmJson(
                arm.Policy, arm.Loss, arm.LearningRate, [.. arm.Runs.Select(run => run.Seed)], arm.Of(run => run.Final), arm.Of(run => run.AccuracyAt(EqualRollouts)),
                arm.Of(run => run.EffectiveGradientRatio), arm.Of(run => run.EffectivePromptRatio), arm.Of(run => run.Rollouts),
                arm.SpentTo(Target, point => point.Rollouts).Spent, arm.SpentTo(Target, point => point.Tokens).Spent, arm.SpentTo(Target, point => point.Seconds).Spent, Gpu is null ? null : arm.SpentTo(Target, Usd).Spent,
                arm.SpentTo(Target, point => point.Rollouts).Reached))],
            Paired),
        CompareJson.Default.ComparisonJson);

    public static string Name(ComparisonArm arm, bool crossed) => crossed ? $"{arm.Policy}, {arm.Loss}" : arm.Policy;

    private IEnumerable<PairedDifference> Differences(ComparisonArm arm, ComparisonArm first) => ReferenceEquals(arm, first)
        ? []
        : new[]
        {
            PairedDifference.Between(arm, first, "final", run => run.Final),
            PairedDifference.Between(arm, first, "atEqualRollouts", run => run.AccuracyAt(EqualRollouts)),
            PairedDifference.Between(arm, first, "effectiveGradientRatio", run => run.EffectiveGradientRatio),
            PairedDifference.Between(arm, first, "effectivePromptRatio", run => run.EffectivePromptRatio),
            PairedDifference.Between(arm, first, "rolloutsToTarget", run => run.SpentTo(Target, point => point.Rollouts)),
        }.OfType<PairedDifference>();

    private double Usd(CurvePoint point) => PriceList.Current.UsdOf(Gpu!, point.Seconds);

    private string ToTarget(ComparisonArm arm, Func<CurvePoint, double> spent, Func<double, string>? text = null) => arm.SpentTo(Target, spent) switch
    {
        (null, _) => "never",
        ({ } estimate, var reached) => $"{(text ?? Whole)(estimate.Mean)}{(reached < arm.Runs.Count ? $" ({reached} of {arm.Runs.Count} seeds)" : "")}",
    };

    private static string Text(Estimate estimate) => estimate.Ci95 is [var low, var high] ? $"{Number(estimate.Mean)} ({Number(low)} to {Number(high)})" : Number(estimate.Mean);

    private static string Difference(double? mean, double[]? interval)
    {
        var parts = (string?[])[mean is { } value ? Signed(value) : null, interval is [var low, var high] ? $"{Signed(low)} to {Signed(high)}" : null];
        return string.Join(", ", parts.OfType<string>());
    }

    private static string Signed(double value) => Math.Abs(value) < 10 ? value.ToString("+0.000;-0.000", CultureInfo.InvariantCulture) : value.ToString("+#,0;-#,0", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Whole(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
}

internal sealed record ComparisonJson(double Target, double EqualRollouts, IReadOnlyList<ArmJson> Arms, IReadOnlyList<PairedDifference> Paired);

internal sealed record ArmJson(
    string Policy, string Loss, double LearningRate, ulong[] Seeds, Estimate Final, Estimate AtEqualRollouts, Estimate EffectiveGradientRatio, Estimate EffectivePromptRatio,
    Estimate Rollouts, Estimate? RolloutsToTarget, Estimate? TokensToTarget, Estimate? SecondsToTarget, Estimate? UsdToTarget, int ReachedTarget);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ComparisonJson))]
internal sealed partial class CompareJson : JsonSerializerContext;
