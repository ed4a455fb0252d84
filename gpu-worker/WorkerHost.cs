using KnapsackCloud.Adapters.Processes;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Rewards;
using KnapsackCloud.Core.Rollout;
using KnapsackCloud.Hosting;
using KnapsackCloud.Model.Generation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace KnapsackCloud.GpuWorker;

/// <summary>
/// The rollout worker: takes work items from the queue, fetches the policy each one wants, generates, scores, writes. It
/// stays until it is told to stop, or ends by itself after an idle time.
/// </summary>
public static class WorkerHost
{
    /// <summary>Beyond the items in work: its message and blobs travel while those compute.</summary>
    private const int OnTheWay = 1;

    /// <summary>Returns the exit code: 0 after a stop or an idle time, 1 when it cannot work here, 2 for wrong settings.</summary>
    /// <param name="args">Settings by name: <c>--Worker:Device=cuda --Worker:IdleExit=00:05:00</c>, and those of <see cref="KnapsackOptions"/>.</param>
    public static Task<int> RunAsync(string[] args, CancellationToken cancellation) =>
        HostProgram.RunAsync<WorkerOptions>(WorkerOptions.Section, args, Compose, cancellation);

    private static void Compose(HostApplicationBuilder builder, WorkerOptions options)
    {
        Devices.Use(options.Device);
        var name = options.Name ?? $"{Environment.MachineName}/{Environment.ProcessId}";
        builder.Services.AddPolicyFolders(options.CacheFolder);
        builder.Services.AddSingleton<IPolicyLoader>(provider =>
            new PolicyLoader(provider.GetRequiredService<IPolicyFolders>(), new EngineOptions { Threads = options.Threads, Precision = options.Precision }, options.KeptPolicies));
        var items = options.Items > 0 ? options.Items : Devices.DefaultItems(options.Threads);
        builder.Services.AddSingleton(_ => new ComputeThreads(items));
        builder.Services.AddTransient(provider => new RolloutTools(
            provider.GetRequiredService<IPolicyLoader>(), ScorersOf(options, provider.GetRequiredService<TimeProvider>()).Create, provider.GetRequiredService<ComputeThreads>().Next(), provider.GetRequiredService<TimeProvider>(), name));
        builder.Services.AddPump<RolloutRequest, RolloutHandler>(QueueNames.Rollouts, items + OnTheWay);
        if (options.IdleExit > TimeSpan.Zero) builder.Services.AddIdleExit(options.IdleExit);
    }

    private static Scorers ScorersOf(WorkerOptions options, TimeProvider time) =>
        new(new ExternalVerifiers(options.VerifierFolder, new VerifierLimits(options.VerifierTime, (long)options.VerifierMebibytes << 20), time).Find);
}
