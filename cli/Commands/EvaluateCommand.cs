using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Cli.Evaluating;
using KnapsackCloud.Cli.Generating;
using KnapsackCloud.Cli.Running;
using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Rewards;
using KnapsackCloud.Core.Tasks;
using Spectre.Console;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack evaluate</c>: mean@n and pass@k of a model on a task file.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        var model = new Option<string>("--model") { Description = "Folder of the model, in Hugging Face layout", Required = true };
        var adapter = AdapterOption.Create();
        var tasks = new Option<string>("--tasks") { Description = $"Task file (.jsonl, .json, .csv, .tsv, .parquet), or {ProceduralSource.Forms} for its held-out tasks", Required = true };
        var samples = new Option<int>("-n") { Description = "Rollouts per task", DefaultValueFactory = _ => 16 };
        var sampling = new SamplingOptions(maxTokensDefault: null);
        var chat = new ChatOptions();
        var layout = new LayoutOptions();
        var verifier = new Option<string?>("--verifier") { Description = $"{string.Join(", ", Verifiers.Names)}, or a weighted sum such as 'maths + 0.1*format'; by default the one of a procedural source, and exact" };
        var json = new Option<bool>("--json") { Description = "One JSON document on stdout" };
        var command = new Command("evaluate", "Measures a model on a task file: mean@n and pass@k with intervals.") { model, adapter, tasks, samples, verifier, DeviceOption.Device, DeviceOption.Precision, VerifierOption.Folder, json };
        layout.AddTo(command);
        chat.AddTo(command);
        sampling.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var errors = new List<InputError>();
            if (parsed.GetValue(samples) is < 1 or > 100_000) errors.Add(new InputError("-n", "must be from 1 to 100000"));
            var spec = sampling.Read(parsed, errors);
            var format = chat.Read(parsed, errors);
            var columns = layout.Read(parsed, errors);
            if (errors.Count > 0) throw new InvalidInputException(errors);
            var scorer = VerifierOption.ScorersOf(parsed).Create(parsed.GetValue(verifier) ?? ProceduralSource.VerifiersOf(parsed.GetValue(tasks)!).FirstOrDefault("exact"));
            var set = ReadTasks(parsed.GetValue(tasks)!, columns);
            DeviceOption.Use(parsed);
            using var opened = OpenModel.From(parsed.GetValue(model)!, parsed.GetValue(adapter), Environment.ProcessorCount, DeviceOption.PrecisionOf(parsed));
            var evaluation = new TaskEvaluation(opened, scorer, spec, format, parsed.GetValue(samples), sampling.Seed(parsed));
            var rewards = await WithProgress(set.Count, progress => evaluation.RunAsync(set, progress, cancellation)).ConfigureAwait(false);
            Print(EvaluationResult.Of(set, rewards, sampling.Seed(parsed)), parsed.GetValue(json));
            return ExitCodes.Done;
        });
        return command;
    }

    private static IReadOnlyList<TrainingTask> ReadTasks(string source, TaskLayout? layout)
    {
        if (ProceduralSource.Matches(source)) return ProceduralSource.Parse(source).Build(seed: 0).Evaluation;
        if (!File.Exists(source)) throw new InvalidInputException("--tasks", $"there is no file '{source}'");
        var file = TaskFiles.Read(source, source, layout);
        foreach (var note in file.Notes) Console.Error.WriteLine(note);
        return file.Tasks;
    }

    /// <summary>A progress line on stderr while a person waits; nothing when stderr is not a terminal.</summary>
    private static async Task<T> WithProgress<T>(int total, Func<IProgress<int>, Task<T>> work)
    {
        var done = 0;
        var visible = !Console.IsErrorRedirected;
        var result = await work(new Callback<int>(count =>
        {
            var now = Interlocked.Add(ref done, count);
            if (visible) Console.Error.Write($"\r{now} of {total} tasks");
        })).ConfigureAwait(false);
        if (visible) await Console.Error.WriteLineAsync().ConfigureAwait(false);
        return result;
    }

    private static void Print(EvaluationResult result, bool json)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(EvaluationJson.Of(result), EvaluateJson.Default.EvaluationJson));
            return;
        }

        var table = new Table().Border(TableBorder.Simple).AddColumn("").AddColumn("tasks").AddColumn($"mean@{result.Samples}");
        foreach (var k in result.All.PassAtK.Keys.Order()) table.AddColumn($"pass@{k}");
        AddRow(table, "all", result.All);
        if (result.Families.Count > 1)
            foreach (var part in result.Families) AddRow(table, part.Family.Length == 0 ? "no family" : part.Family, part.Measure);
        if (result.Difficulties.Count > 1)
            foreach (var part in result.Difficulties) AddRow(table, $"difficulty {part.Difficulty}", part.Measure);
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine("with 95% bootstrap intervals over tasks");
    }

    private static void AddRow(Table table, string name, EvaluationMeasure measure) => table.AddRow(
        [Markup.Escape(name), measure.Tasks.ToString(CultureInfo.InvariantCulture), Text(measure.MeanAtN, measure.Ci95), .. measure.PassAtK.OrderBy(pair => pair.Key).Select(pair => Text(pair.Value.Mean, pair.Value.Ci95))]);

    private static string Text(double mean, (double Low, double High) interval) =>
        string.Create(CultureInfo.InvariantCulture, $"{mean:0.000} ({interval.Low:0.000} to {interval.High:0.000})");
}

internal sealed class Callback<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
