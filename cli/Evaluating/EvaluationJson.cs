using System.Globalization;
using System.Text.Json.Serialization;
using KnapsackCloud.Core.Collect;

namespace KnapsackCloud.Cli.Evaluating;

/// <summary>What <c>evaluate --json</c> prints.</summary>
internal sealed record EvaluationJson(
    int Tasks, int Samples, double MeanAtN, double[] Ci95, Dictionary<string, double> PassAtK, Dictionary<string, double[]> PassAtKCi95,
    IReadOnlyList<EvaluationPartJson> Families, IReadOnlyList<EvaluationPartJson> Difficulties)
{
    public static EvaluationJson Of(EvaluationResult result) => new(
        result.All.Tasks, result.Samples, result.All.MeanAtN, Ends(result.All.Ci95), Means(result.All), Intervals(result.All),
        [.. result.Families.Select(Part)], [.. result.Difficulties.Select(Part)]);

    private static EvaluationPartJson Part(EvaluationPart part) => new(
        part.Family.Length == 0 ? null : part.Family, part.Difficulty, part.Measure.Tasks, part.Measure.MeanAtN, Ends(part.Measure.Ci95), Means(part.Measure), Intervals(part.Measure));

    private static Dictionary<string, double> Means(EvaluationMeasure measure) => measure.PassAtK.ToDictionary(pair => Text(pair.Key), pair => pair.Value.Mean);

    private static Dictionary<string, double[]> Intervals(EvaluationMeasure measure) => measure.PassAtK.ToDictionary(pair => Text(pair.Key), pair => Ends(pair.Value.Ci95));

    private static double[] Ends((double Low, double High) interval) => [interval.Low, interval.High];

    private static string Text(int k) => k.ToString(CultureInfo.InvariantCulture);
}

/// <param name="Family">Null where it is a difficulty over all families.</param>
internal sealed record EvaluationPartJson(
    string? Family, int? Difficulty, int Tasks, double MeanAtN, double[] Ci95, Dictionary<string, double> PassAtK, Dictionary<string, double[]> PassAtKCi95);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EvaluationJson))]
internal sealed partial class EvaluateJson : JsonSerializerContext;
