using KnapsackCloud.Adapters.Embedded;
using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Stages;
using KnapsackCloud.Functions.Api;
using KnapsackCloud.Functions.Dashboard;
using KnapsackCloud.Functions.Specs;
using KnapsackCloud.Functions.Triggers;
using KnapsackCloud.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace KnapsackCloud.Functions;

/// <summary>What the control plane is made of: the stages plan, collect and publish, the watchdog, the HTTP API.</summary>
internal static class ControlPlane
{
    /// <summary>On its own the process reads its queues and looks after its runs; under a Functions host that calls it instead. Over an embedded store, or told to look only, it only shows runs: other processes have the queues.</summary>
    public static void AddControlPlane(this IServiceCollection services, KnapsackOptions knapsack, FunctionsOptions options, ControlPlaneTools tools)
    {
        services.AddSingleton(options);
        services.AddSingleton(options.Watchdog);
        services.AddSingleton<RunCatalog>();
        services.AddSingleton<DeadLetters>();
        services.AddSingleton<PlanHandler>();
        services.AddSingleton<CollectHandler>();
        services.AddSingleton<PublishHandler>();
        services.AddSingleton<WatchdogSweep>();
        services.AddSingleton<WatchdogTimer>();
        services.AddSingleton(new SpecFiles(options.Data));
        services.AddSingleton(tools);
        services.AddSingleton<SpecReading>();
        var changes = Changes.Of(knapsack, options);
        services.AddSingleton(changes);
        services.AddSingleton<RunEndpoints>();
        services.AddSingleton<StepEndpoints>();
        services.AddSingleton<HealthEndpoint>();
        services.AddSingleton(_ => new ScratchFolder(Path.Combine(Path.GetTempPath(), "knapsack-tokenizers")));
        services.AddSingleton<PlanIndexes>();
        services.AddSingleton<RunTokenizers>();
        services.AddSingleton<CurveEndpoints>();
        services.AddSingleton<ProgressEndpoint>();
        services.AddSingleton<TaskEndpoints>();
        services.AddSingleton<GroupEndpoint>();
        services.AddSingleton<EventStream>();
        services.AddSingleton<DashboardEndpoints>();
        services.AddSingleton<ApiOperations>();
        if (options.UnderFunctionsHost || !changes.Allowed) return;
        services.AddPump<PlanRequest, PlanHandler>(QueueNames.Plan);
        services.AddPump<RolloutDone, CollectHandler>(QueueNames.RolloutDone);
        services.AddPump<CheckpointReady, PublishHandler>(QueueNames.CheckpointReady);
        services.AddHostedService(provider => provider.GetRequiredService<WatchdogTimer>());
    }

    public static void MapControlPlane(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<FunctionsOptions>();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseMiddleware<CrossSiteGuard>();
        app.UseRouting();
        app.Services.GetRequiredService<ApiOperations>().Map(app);
        DashboardPages.Map(app);
        if (options.UnderFunctionsHost) TriggerEndpoints.Map(app);
    }
}
