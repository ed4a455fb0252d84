using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Learn;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Stages;
using KnapsackCloud.Hosting;
using KnapsackCloud.Model.Learning;
using KnapsackCloud.Model.Transformer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace KnapsackCloud.Learner;

/// <summary>
/// The learner: makes policy 0 and, one step at a time, the policy of each collected step. A policy is visible only when
/// it is whole; whatever a learner that died left behind, the next one makes the same from the last whole policy.
/// </summary>
public static class LearnerHost
{
    /// <summary>Returns the exit code: 0 after a stop or an idle time, 1 when it cannot work here, 2 for wrong settings.</summary>
    /// <param name="args">Settings by name: <c>--Learner:Threads=2</c>, and those of <see cref="KnapsackOptions"/>.</param>
    public static Task<int> RunAsync(string[] args, CancellationToken cancellation) =>
        HostProgram.RunAsync<LearnerOptions>(LearnerOptions.Section, args, Compose, cancellation);

    private static void Compose(HostApplicationBuilder builder, LearnerOptions options)
    {
        if (!ComputeDevice.TryUse(options.Device)) throw new HostRefusedException($"Learner:Device {ComputeDevice.NoGpu}");
        builder.Services.AddPolicyFolders(options.CacheFolder);
        builder.Services.AddSingleton<ILearner>(provider => options.Threads > 0
            ? new GrpoLearner(provider.GetRequiredService<TimeProvider>(), options.Threads)
            : new GrpoLearner(provider.GetRequiredService<TimeProvider>()));
        builder.Services.AddTransient(_ => new ComputeThread("learner"));
        builder.Services.AddPump<LearnRequested, LearnHandler>(QueueNames.Learn);
        if (options.IdleExit > TimeSpan.Zero) builder.Services.AddIdleExit(options.IdleExit);
    }
}
