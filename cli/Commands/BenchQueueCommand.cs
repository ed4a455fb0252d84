using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using KnapsackCloud.Cli.Piping;
using KnapsackCloud.Cli.Reporting;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack bench queue</c>: messages a second of the queues this machine can have.</summary>
internal static class BenchQueueCommand
{
    private static readonly Option<int> Messages = new("--messages") { Description = "Messages of each queue; the emulator slows down with a long queue", DefaultValueFactory = _ => 400 };
    private static readonly Option<int> AtOnce = new("--at-once") { Description = "Senders, and then receivers, side by side", DefaultValueFactory = _ => 8 };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout" };

    public static Command Create()
    {
        var command = new Command("queue", "Times the queue in memory beside that of Azurite. An emulator on this machine says nothing of a cloud's speed.") { Messages, AtOnce, Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        if (parsed.GetValue(Messages) is < 1 or > 1_000_000) throw new InvalidInputException("--messages", "must be from 1 to 1000000");
        if (parsed.GetValue(AtOnce) is < 1 or > 256) throw new InvalidInputException("--at-once", "must be from 1 to 256");
        var benchmark = new QueueBenchmark(parsed.GetValue(Messages), parsed.GetValue(AtOnce), TimeProvider.System);
        var cases = new QueueCases([await benchmark.EmbeddedAsync(cancellation).ConfigureAwait(false), await benchmark.AzuriteAsync(cancellation).ConfigureAwait(false)]);
        if (parsed.GetValue(Json)) Console.Out.WriteLine(JsonSerializer.Serialize(cases, BenchQueueJson.Default.QueueCases));
        else TableView.Print(Table(cases));
        return ExitCodes.Done;
    }

    private static ReportTable Table(QueueCases cases) => new("Queues", ["queue", "messages", "at once", "sent/s", "handled/s", "round trip ms"],
        [.. cases.Cases.Select(one => (string[])[one.Queue, Text(one.Messages), Text(one.AtOnce), Text(one.SentPerSecond), Text(one.HandledPerSecond), one.RoundTripMilliseconds.ToString("0.00", CultureInfo.InvariantCulture)])]);

    private static string Text(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
}

internal sealed record QueueCases(IReadOnlyList<QueueCase> Cases);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(QueueCases))]
internal sealed partial class BenchQueueJson : JsonSerializerContext;
