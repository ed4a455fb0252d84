using System.Globalization;
using System.Net;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Hosting;
using KnapsackCloud.Hosting.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KnapsackCloud.Functions;

/// <summary>The control plane as a process: custom handler of a Functions host where that says so, else on its own.</summary>
public static partial class FunctionsHost
{
    /// <summary>Runs until it is stopped. Returns the exit code; a Functions host starts the process again only when it is not 0.</summary>
    /// <param name="args">Settings by name, such as <c>--Knapsack:Store=azure</c>; they go before files and environment.</param>
    /// <param name="cancellation">Stops it, as SIGTERM and Ctrl-C do.</param>
    /// <param name="tools">What the caller can do beyond it; null for nothing.</param>
    public static Task<int> RunAsync(string[] args, CancellationToken cancellation, ControlPlaneTools? tools = null) =>
        HostProgram.GuardAsync(FunctionsOptions.Section, async () =>
        {
            var builder = WebApplication.CreateSlimBuilder(args);
            var (knapsack, options) = ReadSettings(builder.Configuration);
            await using var backplane = await Backplane.OpenAsync(knapsack, TimeProvider.System, cancellation);
            await using var app = Build(builder, knapsack, options, backplane, tools ?? new ControlPlaneTools());
            await StartAsync(app, options.Port, cancellation);
            LogReady(app.Logger, app.Urls.First());
            await app.WaitForShutdownAsync(cancellation);
        }, cancellation);

    /// <summary>The application, not started yet.</summary>
    internal static WebApplication Build(WebApplicationBuilder builder, KnapsackOptions knapsack, FunctionsOptions options, Backplane backplane, ControlPlaneTools tools)
    {
        builder.AddKnapsack(knapsack, backplane);
        builder.AddKnapsackTelemetry(FunctionsOptions.Section.ToLowerInvariant());
        // One line a request would bury what happens in runs.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, options.Port));
        builder.Services.AddControlPlane(knapsack, options, tools);
        var app = builder.Build();
        app.MapControlPlane();
        return app;
    }

    /// <exception cref="InvalidInputException">Every setting that is wrong.</exception>
    internal static (KnapsackOptions, FunctionsOptions) ReadSettings(IConfiguration configuration) =>
        HostProgram.ReadSettings<FunctionsOptions>(configuration, FunctionsOptions.Section, (_, options, errors) => TakeHost(configuration, options, errors));

    private static async Task StartAsync(WebApplication app, int port, CancellationToken cancellation)
    {
        try
        {
            await app.StartAsync(cancellation);
        }
        catch (IOException error)
        {
            throw new HostRefusedException($"port {port} cannot be listened on: {error.Message}; stop what uses it, or set {FunctionsOptions.Section}:{nameof(FunctionsOptions.Port)}");
        }
    }

    private static void Configure(KestrelServerOptions kestrel, int port)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = Api.RequestBody.MostDrained;
        kestrel.Listen(IPAddress.Loopback, port);
    }

    /// <summary>A Functions host says on which port it will call, and that is for work.</summary>
    private static void TakeHost(IConfiguration configuration, FunctionsOptions? options, List<InputError> errors)
    {
        if (configuration[FunctionsOptions.HostPortVariable] is not { } port) return;
        if (options is { LookOnly: true })
            errors.Add(new InputError($"{FunctionsOptions.Section}:{nameof(FunctionsOptions.LookOnly)}", "cannot be under a Functions host, which calls for work; leave it out"));
        if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > IPEndPoint.MaxPort)
            errors.Add(new InputError(FunctionsOptions.HostPortVariable, $"'{port}' is no port"));
        else if (options is not null)
            (options.UnderFunctionsHost, options.Port) = (true, number);
    }

    [LoggerMessage(12, LogLevel.Information, "Listening on {Url}")]
    private static partial void LogReady(ILogger logger, string url);
}
