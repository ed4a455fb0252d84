using System.Globalization;
using System.Net;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Functions.Specs;
using KnapsackCloud.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KnapsackCloud.Functions;

/// <summary>The control plane as a process: custom handler of a Functions host where that says so, else on its own.</summary>
public static partial class FunctionsHost
{
    private const int Done = 0;
    private const int Failed = 1;
    private const int WrongInput = 2;

    /// <summary>Runs until it is stopped. Returns the exit code; a Functions host starts the process again only when it is not 0.</summary>
    /// <param name="args">Settings by name, such as <c>--Knapsack:Store=azure</c>; they go before files and environment.</param>
    /// <param name="cancellation">Stops it, as SIGTERM and Ctrl-C do.</param>
    /// <param name="check">Checks more of a spec before it is accepted, where the caller can; throws <see cref="InvalidInputException"/>.</param>
    public static async Task<int> RunAsync(string[] args, CancellationToken cancellation, Action<RunSpec>? check = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        using var logs = LoggerFactory.Create(logging => logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
        var logger = logs.CreateLogger(FunctionsOptions.Section);
        try
        {
            var (knapsack, options) = Read(builder.Configuration);
            await using var backplane = await Backplane.OpenAsync(knapsack, TimeProvider.System, cancellation);
            await using var app = Build(builder, knapsack, options, backplane, new SpecCheck(check));
            await app.StartAsync(cancellation);
            LogReady(app.Logger, app.Urls.First());
            await app.WaitForShutdownAsync(cancellation);
            return Done;
        }
        catch (InvalidInputException error)
        {
            foreach (var problem in error.Errors) LogSetting(logger, problem.Place, problem.Problem);
            return WrongInput;
        }
        catch (Exception error) when (error is StoreException or QueueException or IOException)
        {
            LogStart(logger, error.Message);
            return Failed;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return Done;
        }
    }

    /// <summary>The application, not started yet.</summary>
    internal static WebApplication Build(WebApplicationBuilder builder, KnapsackOptions knapsack, FunctionsOptions options, Backplane backplane, SpecCheck check)
    {
        builder.AddKnapsack(knapsack, backplane);
        // One line a request would bury what happens in runs.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, options.Port));
        builder.Services.AddControlPlane(knapsack, options, check);
        var app = builder.Build();
        app.MapControlPlane();
        return app;
    }

    private static void Configure(KestrelServerOptions kestrel, int port)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = Api.RequestBody.MostBytes;
        kestrel.Listen(IPAddress.Loopback, port);
    }

    /// <summary>The errors of both sections, together.</summary>
    private static (KnapsackOptions, FunctionsOptions) Read(IConfiguration configuration)
    {
        var errors = new List<InputError>();
        var knapsack = Try(() => KnapsackOptions.Read(configuration), errors);
        var options = Try(() => SettingsReader.Read<FunctionsOptions>(configuration, FunctionsOptions.Section), errors);
        if (options?.Data is { } data && !Directory.Exists(data)) errors.Add(new InputError($"{FunctionsOptions.Section}:{nameof(FunctionsOptions.Data)}", $"there is no folder '{data}'"));
        if (options is not null && configuration[FunctionsOptions.HostPortVariable] is { } port)
        {
            options.UnderFunctionsHost = true;
            if (int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= IPEndPoint.MaxPort) options.Port = number;
            else errors.Add(new InputError(FunctionsOptions.HostPortVariable, $"'{port}' is no port"));
        }
        return errors.Count == 0 ? (knapsack!, options!) : throw new InvalidInputException(errors);
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

    [LoggerMessage(12, LogLevel.Information, "Listening on {Url}")]
    private static partial void LogReady(ILogger logger, string url);

    [LoggerMessage(10, LogLevel.Critical, "Setting {Place}: {Problem}")]
    private static partial void LogSetting(ILogger logger, string place, string problem);

    [LoggerMessage(11, LogLevel.Critical, "The control plane cannot start: {Problem}")]
    private static partial void LogStart(ILogger logger, string problem);
}
