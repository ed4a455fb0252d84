using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using KnapsackCloud.Cli.Generating.Benchmark;
using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Cli.Running;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Model.Generation;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack bench generate</c>: the generation engine beside a naive loop and the bounds of the machine.</summary>
internal static class BenchGenerateCommand
{
    private static readonly Option<string> Models = new("--model") { Description = $"Sizes to measure, of {string.Join(", ", BenchModel.Names)}; several with commas", DefaultValueFactory = _ => "25M" };
    private static readonly Option<string> Batches = new("--batch") { Description = "Rollouts at once; several with commas", DefaultValueFactory = _ => "64" };
    private static readonly Option<int> PromptTokens = new("--prompt-tokens") { Description = "Tokens of each prompt", DefaultValueFactory = _ => 128 };
    private static readonly Option<int> NewTokens = new("--new-tokens") { Description = "Tokens of the longest completion", DefaultValueFactory = _ => 128 };
    private static readonly Option<string> Lengths = new("--lengths") { Description = "equal; spread (from a tenth of the longest to the longest); or both", DefaultValueFactory = _ => "both" };
    private static readonly Option<int> Repeats = new("--repeats") { Description = "Measurements of each case; the median counts", DefaultValueFactory = _ => 3 };
    private static readonly Option<int> CacheMib = new("--cache-mib") { Description = "Memory that an engine may use beside the model, in MiB; 0: as much as it takes by default" };
    private static readonly Option<bool> NoNaive = new("--no-naive") { Description = "Leave the naive loops out" };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout" };

    public static Command Create()
    {
        var command = new Command("generate", "Times generation beside a naive loop and the bandwidth and FLOP bounds of this machine.") { Models, Batches, PromptTokens, NewTokens, Lengths, Repeats, DeviceOption.Device, DeviceOption.Precision, CacheMib, NoNaive, Json };
        command.SetAction((parsed, cancellation) => Task.Run(() => Run(parsed, cancellation), cancellation));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellation)
    {
        var workloads = Workloads(parsed);
        DeviceOption.Use(parsed);
        var benchmark = new GenerationBenchmark(TimeProvider.System, parsed.GetValue(Repeats), Engine(parsed), !parsed.GetValue(NoNaive), line => Console.Error.WriteLine(line));
        var cases = workloads.GroupBy(workload => workload.Model).SelectMany(group => benchmark.Run(group.Key, [.. group], cancellation)).ToList();
        if (parsed.GetValue(Json)) Console.Out.WriteLine(JsonSerializer.Serialize(GenerationCases.Of(cases), BenchGenerateJson.Default.GenerationCases));
        else TableView.Print(Table(cases));
        return ExitCodes.Done;
    }

    private static EngineOptions Engine(ParseResult parsed)
    {
        var options = new EngineOptions { Precision = DeviceOption.PrecisionOf(parsed) };
        return parsed.GetValue(CacheMib) is > 0 and var mib ? options with { CacheBytes = (long)mib << 20 } : options;
    }

    private static List<Workload> Workloads(ParseResult parsed)
    {
        var errors = new List<InputError>();
        var (models, lengths) = (parsed.GetValue(Models)!.Split(','), parsed.GetValue(Lengths)!);
        var batches = parsed.GetValue(Batches)!.Split(',').Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var batch) ? batch : 0).ToList();
        foreach (var name in models.Where(name => !BenchModel.Names.Contains(name, StringComparer.OrdinalIgnoreCase)))
            errors.Add(new InputError("--model", $"'{name}' is not one of {string.Join(", ", BenchModel.Names)}"));
        if (batches.Any(batch => batch is < 1 or > 4_096)) errors.Add(new InputError("--batch", $"'{parsed.GetValue(Batches)}' is not whole numbers from 1 to 4096 with commas"));
        Check("--prompt-tokens", parsed.GetValue(PromptTokens), 2_048);
        Check("--new-tokens", parsed.GetValue(NewTokens), 2_048);
        Check("--repeats", parsed.GetValue(Repeats), 100);
        if (parsed.GetValue(CacheMib) is < 0 or > 1 << 20) errors.Add(new InputError("--cache-mib", $"is {parsed.GetValue(CacheMib)}; it must be from 0 to {1 << 20}"));
        if (lengths is not ("equal" or "spread" or "both")) errors.Add(new InputError("--lengths", $"'{lengths}' is not equal, spread or both"));
        if (errors.Count > 0) throw new InvalidInputException(errors);
        bool[] spreads = lengths == "both" ? [false, true] : [lengths == "spread"];
        return [.. from model in models from batch in batches from spread in spreads select new Workload(model, batch, parsed.GetValue(PromptTokens), parsed.GetValue(NewTokens), spread)];

        void Check(string option, int value, int most)
        {
            if (value < 1 || value > most) errors.Add(new InputError(option, $"is {value}; it must be from 1 to {most}"));
        }
    }

    private static ReportTable Table(List<GenerationCase> cases) => new("Generation",
        ["model", "batch", "lengths", "rollouts", "tokens/s", "naive", "naive, preallocated", "times naive", "% bandwidth bound", "% FLOP bound", "GB/s", "GFLOP/s", "memory given, MiB", "used, MiB"],
        [.. cases.Select(one => (string[])[one.Model, Text(one.Batch, "0"), one.Lengths, Text(one.Rollouts, "0"), Text(one.TokensPerSecond, "0"), Peer(one.NaiveTokensPerSecond, "0"), Peer(one.PreallocatedTokensPerSecond, "0"),
            Peer(one.TokensPerSecond / one.NaiveTokensPerSecond, "0.0"), Text(one.PercentOfBandwidthBound, "0"), Text(one.PercentOfFlopBound, "0"), Text(one.BandwidthGigabytes, "0"), Text(one.Gigaflops, "0"), Text(one.CacheMib, "0"), Text(one.MemoryMib, "0")])]);

    private static string Peer(double? value, string format) => value is { } number ? Text(number, format) : "-";

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(GenerationCases))]
internal sealed partial class BenchGenerateJson : JsonSerializerContext;
