using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Core.Estimate;

namespace KnapsackCloud.Cli.Estimating;

/// <summary>An estimate for people and for programs.</summary>
/// <param name="Price">Null where no GPU of the price list is meant.</param>
internal sealed record EstimateView(RunEstimate Estimate, string? Gpu, RunPrice? Price, string Evidence, string Rates)
{
    public void Print() => TableView.Print(new ReportTable("Estimate", ["", ""],
    [
        ["evidence of the tasks", Evidence],
        ["reward at the start", Range(Estimate.Outcomes.MeanReward)],
        ["effective-gradient ratio", Range(Estimate.Outcomes.EffectiveGradientRatio)],
        ["effective-prompt ratio", Range(Estimate.Outcomes.EffectivePromptRatio)],
        ["training rollouts", $"{Whole(Estimate.Rollouts)} in {Estimate.Steps} steps"],
        ["evaluation rollouts", Whole(Estimate.EvaluationRollouts)],
        ["completion tokens", Whole(Estimate.Tokens)],
        ["rates", Rates],
        ["workers", Estimate.Workers.ToString(CultureInfo.InvariantCulture)],
        ["time generating, learning, other", $"{Time(Estimate.SecondsGenerating)}, {Time(Estimate.SecondsLearning)}, {Time(Estimate.SecondsOther)}"],
        ["time", Time(Estimate.Seconds) + (Estimate.Overlaps ? ", generating and learning at once" : "")],
        .. PriceRows(),
    ]));

    public void WriteJson()
    {
        var outcomes = Estimate.Outcomes;
        Console.Out.WriteLine(JsonSerializer.Serialize(
            new EstimateJson(
                Evidence, outcomes.Steps, outcomes.MeanReward, outcomes.EffectiveGradientRatio, outcomes.EffectivePromptRatio,
                Estimate.Steps, Math.Round(Estimate.Rollouts), Estimate.EvaluationRollouts, Math.Round(Estimate.Tokens),
                Gpu, Estimate.Workers, Rates, Estimate.SecondsGenerating, Estimate.SecondsLearning, Estimate.SecondsOther, Estimate.Seconds, Price),
            EstimateJsonContext.Default.EstimateJson));
    }

    private IEnumerable<string[]> PriceRows() => Price is null
        ? []
        :
        [
            ["workers, learner, messages, functions", $"{Money(Price.Workers)}, {Money(Price.Learner)}, {Money(Price.ServiceBus)}, {Money(Price.Functions)}"],
            [$"price, {PriceList.Current.Currency} of {PriceList.Current.Date}", Money(Price.Total)],
        ];

    private static string Money(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Range(ForecastRange range) => FormattableString.Invariant($"{range.Mean:0.000} ({range.Low:0.000} to {range.High:0.000})");

    private static string Whole(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Time(double seconds) => seconds switch
    {
        < 60 => FormattableString.Invariant($"{seconds:0.#} s"),
        < 3600 => FormattableString.Invariant($"{seconds / 60:0.#} min"),
        _ => FormattableString.Invariant($"{seconds / 3600:0.#} h"),
    };
}

/// <summary><c>knapsack estimate --json</c>; docs/cli.md has the members.</summary>
internal sealed record EstimateJson(
    string Evidence, int SimulatedSteps, ForecastRange MeanReward, ForecastRange EffectiveGradientRatio, ForecastRange EffectivePromptRatio,
    int Steps, double Rollouts, double EvaluationRollouts, double Tokens,
    string? Gpu, int Workers, string Rates, double SecondsGenerating, double SecondsLearning, double SecondsOther, double Seconds, RunPrice? Usd);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(EstimateJson))]
internal sealed partial class EstimateJsonContext : JsonSerializerContext;
