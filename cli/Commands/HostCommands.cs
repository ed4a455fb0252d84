using System.CommandLine;
using System.Globalization;
using KnapsackCloud.Functions;
using KnapsackCloud.GpuWorker;
using KnapsackCloud.Hosting;
using KnapsackCloud.Learner;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Tokenizers;

namespace KnapsackCloud.Cli.Commands;

/// <summary><c>knapsack worker</c>, <c>knapsack learner</c> and <c>knapsack functions</c>: one host in the foreground. What they have no option for is set through the environment, as <c>Knapsack__Storage__AccountName</c>.</summary>
internal static class HostCommands
{
    private static readonly Option<string?> Store = new("--store") { Description = "Where runs are kept: local (an emulator on this machine), azure, or embedded (a folder, whose runs functions shows) [default: embedded with --out, else the setting Knapsack:Store, or local]" };
    private static readonly Option<string?> Out = new("--out") { Description = "The folder of an embedded store" };
    private static readonly Option<double?> IdleExit = new("--idle-exit") { Description = "End when there was no work for so many seconds [default: stay]" };
    private static readonly Option<int?> Threads = new("--threads") { Description = "Threads inside tensor operations" };
    private static readonly Option<string?> Device = new("--device") { Description = "auto, cpu or cuda" };
    private static readonly Option<int?> Port = new("--port") { Description = "Port on the loopback address; 0 takes a free one [default: 7071]" };
    private static readonly Option<string?> Gpu = new("--gpu") { Description = "Prices GPU-seconds as those of t4 or a100 [default: no price]" };
    private static readonly Option<bool> LookOnly = new("--look-only") { Description = "Only show runs: read no queue, start and move none" };
    private static readonly Option<string?> Data = new("--data") { Description = "Folder in which posted specs may name task files and models [default: they may name none]" };
    private static readonly Option<int?> Items = new("--items") { Description = "Work items generated at once, while one more is fetched or written [default: one a core]" };

    public static Command CreateWorker()
    {
        var command = new Command("worker", "Generates rollouts, in the foreground: one host of a deployment.") { Store, Out, IdleExit, Threads, Device, Items };
        command.SetAction((parsed, cancellation) => WorkerHost.RunAsync(
            [.. Shared(parsed, WorkerOptions.Section), .. Setting(WorkerOptions.Section, nameof(WorkerOptions.Device), parsed.GetValue(Device)), .. Setting(WorkerOptions.Section, nameof(WorkerOptions.Items), parsed.GetValue(Items))],
            cancellation));
        return command;
    }

    public static Command CreateLearner()
    {
        var command = new Command("learner", "Makes policies, in the foreground: one host of a deployment.") { Store, Out, IdleExit, Threads, Device };
        command.SetAction((parsed, cancellation) => LearnerHost.RunAsync([.. Shared(parsed, LearnerOptions.Section), .. Setting(LearnerOptions.Section, nameof(LearnerOptions.Device), parsed.GetValue(Device))], cancellation));
        return command;
    }

    public static Command CreateFunctions()
    {
        var command = new Command("functions", "The control plane, in the foreground: HTTP API, planning, collecting, publishing. Over an embedded store it only shows runs.") { Store, Out, Port, Data, Gpu, LookOnly };
        command.SetAction((parsed, cancellation) => FunctionsHost.RunAsync(
            [
                .. Backplane(parsed),
                .. Setting(FunctionsOptions.Section, nameof(FunctionsOptions.Port), parsed.GetValue(Port)),
                .. Setting(FunctionsOptions.Section, nameof(FunctionsOptions.Data), parsed.GetValue(Data)),
                .. Setting(FunctionsOptions.Section, nameof(FunctionsOptions.Gpu), parsed.GetValue(Gpu)),
                .. Setting(FunctionsOptions.Section, nameof(FunctionsOptions.LookOnly), parsed.GetValue(LookOnly) ? bool.TrueString : null),
            ],
            cancellation, new ControlPlaneTools { CheckSpec = GrpoLearner.Validate, LoadTokenizer = TokenizerLoader.Load }));
        return command;
    }

    private static IEnumerable<string> Backplane(ParseResult parsed) =>
    [
        .. Setting(KnapsackOptions.Section, nameof(KnapsackOptions.Store), parsed.GetValue(Store) ?? (parsed.GetValue(Out) is null ? null : nameof(StoreKind.Embedded))),
        .. Setting(KnapsackOptions.Section, nameof(KnapsackOptions.Folder), parsed.GetValue(Out)),
    ];

    private static IEnumerable<string> Shared(ParseResult parsed, string section) =>
    [
        .. Backplane(parsed),
        .. Setting(section, nameof(WorkerOptions.Threads), parsed.GetValue(Threads)),
        .. Setting(section, nameof(WorkerOptions.IdleExit), parsed.GetValue(IdleExit) is { } seconds ? TimeOf(seconds) : null),
    ];

    private static IEnumerable<string> Setting(string section, string name, IFormattable? value) => Setting(section, name, value?.ToString(null, CultureInfo.InvariantCulture));

    private static IEnumerable<string> Setting(string section, string name, string? value) => value is null ? [] : [$"--{section}:{name}={value}"];

    /// <summary>What is no time is left as it is, for the settings to refuse with its name.</summary>
    private static string TimeOf(double seconds) =>
        Math.Abs(seconds) < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds).ToString("c", CultureInfo.InvariantCulture) : seconds.ToString(CultureInfo.InvariantCulture);
}
