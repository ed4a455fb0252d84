using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Hosting.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KnapsackCloud.Hosting;

/// <summary>The life of a host that does one stage and leaves the others to other processes: settings, backplane, work until it is told to stop; what went wrong is in the log and in the exit code.</summary>
public static partial class HostProgram
{
    public const int Done = 0;
    public const int Failed = 1;
    /// <summary>Settings were wrong; every one is in the log.</summary>
    public const int WrongInput = 2;
    private const string NoSharedQueues = "is embedded, whose queues no other process sees: use local or azure, or 'knapsack run' for everything in one process";

    /// <summary>Returns the exit code of the process.</summary>
    /// <typeparam name="TOptions">The host's own settings.</typeparam>
    /// <param name="section">Section of <typeparamref name="TOptions"/> in the configuration.</param>
    /// <param name="args">Settings by name, such as <c>--Knapsack:Store=azure</c>; they go before files and environment.</param>
    /// <param name="compose">Adds the host's pumps and what they need; may refuse with <see cref="HostRefusedException"/>.</param>
    /// <param name="cancellation">Stops the host, as SIGTERM and Ctrl-C do.</param>
    public static Task<int> RunAsync<TOptions>(
        string section, string[] args, Action<HostApplicationBuilder, TOptions> compose, CancellationToken cancellation) where TOptions : class, new() =>
        GuardAsync(section, async () =>
        {
            var builder = Host.CreateApplicationBuilder(args);
            builder.AddKnapsackLogs();
            var (options, own) = ReadSettings<TOptions>(builder.Configuration, section, RefuseEmbedded);
            compose(builder, own);
            await using var backplane = await Backplane.OpenAsync(options, TimeProvider.System, cancellation);
            builder.AddKnapsack(options, backplane);
            builder.AddKnapsackTelemetry(section.ToLowerInvariant());
            using var host = builder.Build();
            await host.RunAsync(cancellation);
        }, cancellation);

    /// <summary>Lives a host's life, for one with a builder of its own. Returns the exit code; why it is not <see cref="Done"/> is in the log.</summary>
    public static async Task<int> GuardAsync(string section, Func<Task> live, CancellationToken cancellation)
    {
        using var logs = LoggerFactory.Create(logging => logging.AddKnapsackConsole());
        var logger = logs.CreateLogger(section);
        try
        {
            await live();
            return Done;
        }
        catch (InvalidInputException error)
        {
            foreach (var problem in error.Errors) LogSetting(logger, problem.Place, problem.Problem);
            return WrongInput;
        }
        catch (Exception error) when (error is StoreException or QueueException or HostRefusedException)
        {
            LogStart(logger, error.Message);
            return Failed;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return Done;
        }
    }

    /// <summary>The settings that every host has, and the host's own.</summary>
    /// <param name="check">Adds what is wrong with them together; one that could not be read is null.</param>
    /// <exception cref="InvalidInputException">The errors of both, together.</exception>
    public static (KnapsackOptions Shared, TOptions Own) ReadSettings<TOptions>(
        IConfiguration configuration, string section, Action<KnapsackOptions?, TOptions?, List<InputError>> check) where TOptions : class, new()
    {
        var errors = new List<InputError>();
        var options = Try(() => KnapsackOptions.Read(configuration), errors);
        var own = Try(() => SettingsReader.Read<TOptions>(configuration, section), errors);
        check(options, own, errors);
        return errors.Count == 0 ? (options!, own!) : throw new InvalidInputException(errors);
    }

    private static void RefuseEmbedded<TOptions>(KnapsackOptions? options, TOptions? own, List<InputError> errors)
    {
        if (options?.Store == StoreKind.Embedded) errors.Add(new InputError($"{KnapsackOptions.Section}:{nameof(KnapsackOptions.Store)}", NoSharedQueues));
    }

    private static T? Try<T>(Func<T> read, List<InputError> errors) where T : class
    {
        try
        {
            return read();
        }
        catch (InvalidInputException error)
        {
            errors.AddRange(error.Errors);
            return null;
        }
    }

    [LoggerMessage(10, LogLevel.Critical, "Setting {Place}: {Problem}")]
    private static partial void LogSetting(ILogger logger, string place, string problem);

    [LoggerMessage(11, LogLevel.Critical, "The host cannot start: {Problem}")]
    private static partial void LogStart(ILogger logger, string problem);
}

/// <summary>This machine lacks what the host was asked to use; the message says what and what can be done.</summary>
public sealed class HostRefusedException(string message) : Exception(message);
