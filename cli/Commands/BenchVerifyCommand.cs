using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Cli.Verifying;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rewards;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack bench verify</c>: answers a second, and what hostile texts do to a verifier.</summary>
internal static class BenchVerifyCommand
{
    private const int MostTexts = 100_000_000;

    private static readonly Argument<FileInfo> Answers = new("FILE.jsonl") { Description = "One JSON object a line, with the strings 'prediction' and 'gold'" };
    private static readonly Option<string> Names = new("--verifier") { Description = "Verifiers to time, with commas; the first one gets the hostile texts", DefaultValueFactory = _ => "maths,numeric" };
    private static readonly Option<double> Seconds = new("--seconds") { Description = "How long each is timed", DefaultValueFactory = _ => 5 };
    private static readonly Option<int> Random = new("--random") { Description = "Random texts" };
    private static readonly Option<int> Mutated = new("--mutated") { Description = "Answers of the file with changes" };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "Of the texts", DefaultValueFactory = _ => 1 };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout" };

    public static Command Create()
    {
        var command = new Command("verify", "Times verifiers on the answers of a file, and has one score hostile texts.") { Answers, Names, Seconds, Random, Mutated, Seed, Json };
        command.SetAction((parsed, cancellation) => Task.Run(() => Run(parsed, cancellation), cancellation));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        Check(parsed);
        var verifiers = parsed.GetValue(Names)!.Split(',').Select(Verifiers.Create).ToList();
        var cases = VerifyCommand.Read(parsed.GetRequiredValue(Answers));
        if (cases.Count == 0) throw new InvalidInputException(parsed.GetRequiredValue(Answers).ToString(), "has no answers");
        var benchmark = new VerifyBenchmark(cases, TimeProvider.System);
        var hostile = new HostileTexts([.. cases.Select(one => one.Prediction)], parsed.GetValue(Seed));
        var measured = new VerifyMeasurement(cases.Count, cases.Average(one => one.Prediction.Length),
            [.. verifiers.Select(verifier => benchmark.Time(verifier, parsed.GetValue(Seconds), cancellation))],
            [.. Hostile(parsed, hostile).Where(texts => texts.Count > 0).Select(texts => benchmark.Trouble(verifiers[0], texts.Kind, texts.Count, texts.Text, cancellation))]);
        if (parsed.GetValue(Json)) Console.Out.WriteLine(JsonSerializer.Serialize(measured, BenchVerifyJson.Default.VerifyMeasurement));
        else Print(measured);
        return ExitCodes.Done;
    }

    private static IEnumerable<(string Kind, int Count, Func<int, string> Text)> Hostile(ParseResult parsed, HostileTexts texts) =>
        [("random", parsed.GetValue(Random), texts.Random), ("mutated", parsed.GetValue(Mutated), texts.Mutated)];

    private static void Check(ParseResult parsed)
    {
        var errors = new List<InputError>();
        if (parsed.GetValue(Seconds) is not (> 0 and <= 3600)) errors.Add(new InputError("--seconds", "must be above 0 and at most 3600"));
        foreach (var (option, name) in new[] { (Random, "--random"), (Mutated, "--mutated") })
            if (parsed.GetValue(option) is < 0 or > MostTexts) errors.Add(new InputError(name, $"must be from 0 to {MostTexts}"));
        if (errors.Count > 0) throw new InvalidInputException(errors);
    }

    private static void Print(VerifyMeasurement measured)
    {
        TableView.Print(new ReportTable($"{measured.Answers} answers of {Number(measured.MeanCharacters, "0")} characters", ["verifier", "answers/s and core", "99% below ms", "slowest ms"],
            [.. measured.Cases.Select(one => (string[])[one.Verifier, Number(one.AnswersPerSecond, "N0"), Number(one.P99Milliseconds, "0.000"), Number(one.SlowestMilliseconds, "0.0")])]));
        if (measured.Hostile.Count == 0) return;
        TableView.Print(new ReportTable("Hostile texts", ["texts", "count", "exceptions", "above 50 ms", "slowest ms"],
            [.. measured.Hostile.Select(one => (string[])[one.Texts, Number(one.Count, "N0"), Number(one.Exceptions, "0"), Number(one.Above50Milliseconds, "0"), Number(one.SlowestMilliseconds, "0.0")])]));
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(VerifyMeasurement))]
internal sealed partial class BenchVerifyJson : JsonSerializerContext;
