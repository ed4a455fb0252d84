using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using KnapsackCloud.Cli.Learning;
using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Cli.Running;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack bench learn</c>: the learner's step beside an unpacked, padded loop and the speed of matrix products.</summary>
internal static class BenchLearnCommand
{
    private static readonly string[] Sizes = ["1M", "25M", "120M"];

    private static readonly Option<string> Models = new("--model") { Description = $"Sizes to measure, of {string.Join(", ", Sizes)}; several with commas", DefaultValueFactory = _ => "25M" };
    private static readonly Option<string> Shapes = new("--shape") { Description = "Tokens of each prompt and of the longest completion, as 256/512; several with commas", DefaultValueFactory = _ => "256/512" };
    private static readonly Option<string> Groups = new("--group") { Description = "Rollouts of a prompt; several with commas", DefaultValueFactory = _ => "8" };
    private static readonly Option<string> Lengths = new("--lengths") { Description = "equal; spread (from a tenth of the longest to the longest); or both", DefaultValueFactory = _ => "both" };
    private static readonly Option<int> Tokens = new("--tokens") { Description = "Most packed tokens of the update, but for its first group", DefaultValueFactory = _ => 16_384 };
    private static readonly Option<int> Repeats = new("--repeats") { Description = "Measurements of each case; the median counts", DefaultValueFactory = _ => 3 };
    private static readonly Option<string> Precision = new("--precision") { Description = $"In what our own passes are computed: {string.Join(", ", LearningPrecision.Names)}", DefaultValueFactory = _ => LearningPrecision.Full };
    private static readonly Option<string> States = new("--optimiser-states") { Description = $"In what the optimiser keeps its moments: {string.Join(", ", OptimiserStates.Names)}", DefaultValueFactory = _ => OptimiserStates.Full };
    private static readonly Option<string> Recompute = new("--recompute") { Description = $"Activations made again on the way back: {string.Join(", ", Recomputation.Names)}", DefaultValueFactory = _ => "auto" };
    private static readonly Option<bool> NoPadded = new("--no-padded") { Description = "Leave the padded loop out, also out of the process' memory" };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout" };

    public static Command Create()
    {
        var command = new Command("learn", "Times a learner's step (forward, backward, optimiser) beside a padded loop and the FLOP bound of this machine.") { Models, Shapes, Groups, Lengths, Tokens, Repeats, DeviceOption.Device, Precision, Recompute, States, NoPadded, Json };
        command.SetAction((parsed, cancellation) => Task.Run(() => Run(parsed, cancellation), cancellation));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        var workloads = Workloads(parsed);
        DeviceOption.Use(parsed);
        var learning = new LearningSpec { Precision = parsed.GetValue(Precision)!, Recompute = parsed.GetValue(Recompute)!, OptimiserStates = parsed.GetValue(States)! };
        var benchmark = new LearningBenchmark(TimeProvider.System, parsed.GetValue(Repeats), learning, !parsed.GetValue(NoPadded), line => Console.Error.WriteLine(line));
        var cases = workloads.GroupBy(workload => workload.Model).SelectMany(group => benchmark.Run(group.Key, [.. group], cancellation)).ToList();
        if (parsed.GetValue(Json)) Console.Out.WriteLine(JsonSerializer.Serialize(new LearningCases(Environment.ProcessorCount, cases), BenchLearnJson.Default.LearningCases));
        else TableView.Print(Table(cases));
        return ExitCodes.Done;
    }

    private static List<LearningWorkload> Workloads(ParseResult parsed)
    {
        var errors = new List<InputError>();
        var (models, lengths) = (parsed.GetValue(Models)!.Split(','), parsed.GetValue(Lengths)!);
        var shapes = parsed.GetValue(Shapes)!.Split(',').Select(Shape).ToList();
        var groups = parsed.GetValue(Groups)!.Split(',').Select(text => Whole(text, 2, 1_024)).ToList();
        foreach (var name in models.Where(name => !Sizes.Contains(name, StringComparer.OrdinalIgnoreCase)))
            errors.Add(new InputError("--model", $"'{name}' is not one of {string.Join(", ", Sizes)}"));
        if (shapes.Any(shape => shape is null)) errors.Add(new InputError("--shape", $"'{parsed.GetValue(Shapes)}' is not pairs such as 256/512 with commas, each number from 1 to 2048"));
        if (groups.Any(group => group is null)) errors.Add(new InputError("--group", $"'{parsed.GetValue(Groups)}' is not whole numbers from 2 to 1024 with commas"));
        if (lengths is not ("equal" or "spread" or "both")) errors.Add(new InputError("--lengths", $"'{lengths}' is not equal, spread or both"));
        OneOf(Precision, LearningPrecision.Names);
        OneOf(States, OptimiserStates.Names);
        OneOf(Recompute, Recomputation.Names);
        Check("--tokens", parsed.GetValue(Tokens), 1 << 20);
        Check("--repeats", parsed.GetValue(Repeats), 100);
        if (errors.Count > 0) throw new InvalidInputException(errors);
        bool[] spreads = lengths == "both" ? [false, true] : [lengths == "spread"];
        return [.. from model in models from shape in shapes from size in groups from spread in spreads
                   select new LearningWorkload(model, shape.Value.Prompt, shape.Value.Answer, size.Value, spread, parsed.GetValue(Tokens))];

        void OneOf(Option<string> option, IReadOnlyList<string> names)
        {
            if (!names.Contains(parsed.GetValue(option)!)) errors.Add(new InputError(option.Name, $"'{parsed.GetValue(option)}' is not one of {string.Join(", ", names)}"));
        }

        void Check(string option, int value, int most)
        {
            if (value < 1 || value > most) errors.Add(new InputError(option, $"is {value}; it must be from 1 to {most}"));
        }
    }

    private static (int Prompt, int Answer)? Shape(string text) =>
        text.Split('/') is [var prompt, var answer] && Whole(prompt, 1, 2_048) is { } first && Whole(answer, 1, 2_048) is { } second ? (first, second) : null;

    private static int? Whole(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most ? value : null;

    private static ReportTable Table(List<LearningCase> cases) => new(
        "Learner's step", ["model", "prompt/answer", "group", "lengths", "packed tokens", "row tokens", "tokens/s", "padded", "times padded", "% of bound", "peak GB", "GFLOP/s"],
        [.. cases.Select(one => (string[])
        [
            one.Model, $"{one.PromptTokens}/{one.AnswerTokens}", Text(one.GroupSize, "0"), one.Lengths, Text(one.PackedTokens, "0"), Text(one.RowTokens, "0"), Text(one.TokensPerSecond, "0"),
            Text(one.PaddedTokensPerSecond, "0"), Text(one.TimesPadded, "0.0"), Text(one.PercentOfBound, "0"), Text(one.PeakGigabytes, "0.00"), Text(one.Gigaflops, "0"),
        ])]);

    private static string Text(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(LearningCases))]
internal sealed partial class BenchLearnJson : JsonSerializerContext;
