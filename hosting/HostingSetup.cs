using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Adapters.Files;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Core.Stages;
using KnapsackCloud.Hosting.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace KnapsackCloud.Hosting;

/// <summary>
/// How a host is put together: read the options, open the backplane, add it to the builder, add the pumps of the host's
/// stages.
/// <code>
/// var options = KnapsackOptions.Read(builder.Configuration);
/// await using var backplane = await Backplane.OpenAsync(options, TimeProvider.System, cancellation);
/// builder.AddKnapsack(options, backplane);
/// builder.Services.AddPump&lt;PlanRequest, PlanHandler&gt;(QueueNames.Plan);
/// </code>
/// </summary>
public static class HostingSetup
{
    /// <summary>A host ends within this after SIGTERM; work in hand is finished or given back before.</summary>
    public static readonly TimeSpan TimeToStop = TimeSpan.FromSeconds(9);

    /// <summary>
    /// Adds what stages are made of: <see cref="IRunStore"/>, <see cref="RunBlobs"/>, <see cref="RunTasks"/>,
    /// <see cref="RunStatusStore"/>, <see cref="IMessageSender"/>, <see cref="RunControl"/>, <see cref="RunStarter"/>, an
    /// <see cref="IRunObserver"/> that logs and counts, <see cref="TimeProvider"/>; logs to stderr; and lets
    /// the host stop within <see cref="TimeToStop"/>, also when its parent is gone (<see cref="ParentWatch"/>).
    /// </summary>
    public static void AddKnapsack(this IHostApplicationBuilder builder, KnapsackOptions options, Backplane backplane)
    {
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeToStop);
        builder.AddKnapsackLogs();
        if (ParentWatch.IsAsked) builder.Services.AddHostedService<ParentWatch>();
        builder.Services.AddKnapsack(options, backplane);
    }

    /// <summary>The services of <see cref="AddKnapsack(IHostApplicationBuilder, KnapsackOptions, Backplane)"/> alone. What the caller registered before stays.</summary>
    public static void AddKnapsack(this IServiceCollection services, KnapsackOptions options, Backplane backplane)
    {
        services.AddSingleton(options);
        services.AddSingleton(backplane);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(backplane.Store);
        services.TryAddSingleton<IRecordFormat, ParquetRecordFormat>();
        services.TryAddSingleton<IMessageSender>(new Outbox(backplane.Queues));
        services.AddMetrics();
        services.TryAddSingleton<IRunObserver>(provider =>
            new RunObservers(ActivatorUtilities.CreateInstance<LogObserver>(provider), ActivatorUtilities.CreateInstance<RunMetrics>(provider)));
        services.TryAddSingleton<RunBlobs>();
        services.TryAddSingleton<RunTasks>();
        services.TryAddSingleton<RunStatusStore>();
        services.TryAddSingleton<RunControl>();
        services.TryAddSingleton<RunStarter>();
    }

    /// <summary>Lets this host work on a queue, from its start until it stops.</summary>
    /// <typeparam name="TMessage">What the queue carries.</typeparam>
    /// <typeparam name="THandler">Made once a pump, from the services.</typeparam>
    /// <param name="queue">One of <see cref="QueueNames.All"/>.</param>
    /// <param name="count">Messages worked on at once.</param>
    public static void AddPump<TMessage, THandler>(this IServiceCollection services, string queue, int count = 1)
        where TMessage : class, IWorkMessage where THandler : IWorkHandler<TMessage>
    {
        for (var i = 0; i < count; i++)
            services.AddSingleton<IMessagePump>(provider => new MessagePump<TMessage>(
                QueueOf(provider, queue),
                ActivatorUtilities.CreateInstance<THandler>(provider),
                provider.GetRequiredService<KnapsackOptions>().Pump,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<IRunObserver>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, PumpService>());
    }

    /// <summary>Stops the host when its pumps had no message for so long: for jobs that are started by need.</summary>
    public static void AddIdleExit(this IServiceCollection services, TimeSpan patience) =>
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<IdleWatch>(provider, patience));

    /// <summary><see cref="IPolicyFolders"/> with a cache of its own that is gone with the process, also after a crash, when the next one starts.</summary>
    /// <param name="cacheFolder">Null for the system's folder for temporary files.</param>
    public static void AddPolicyFolders(this IServiceCollection services, string? cacheFolder)
    {
        services.AddSingleton(_ => new ScratchFolder(cacheFolder ?? Path.Combine(Path.GetTempPath(), "knapsack-policies")));
        services.AddSingleton<IPolicyFolders>(provider => new PolicyFolders(provider.GetRequiredService<IRunStore>(), provider.GetRequiredService<ScratchFolder>().NewFile()));
    }

    internal static void AddKnapsackLogs(this IHostApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddKnapsackConsole();
    }

    /// <summary>One line an entry, on stderr: stdout is for results.</summary>
    internal static void AddKnapsackConsole(this ILoggingBuilder logging)
    {
        logging.AddSimpleConsole(console => (console.SingleLine, console.UseUtcTimestamp, console.TimestampFormat) = (true, true, "yyyy-MM-ddTHH:mm:ss.fffZ "));
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    private static IWorkQueue QueueOf(IServiceProvider provider, string name)
    {
        var queue = provider.GetRequiredService<Backplane>().Queues[name];
        return provider.GetService<IdleWatch>()?.Watch(queue) ?? queue;
    }
}
