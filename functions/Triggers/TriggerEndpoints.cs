using KnapsackCloud.Core.Collect;
using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Plan;
using KnapsackCloud.Core.Ports;
using KnapsackCloud.Core.Publish;
using KnapsackCloud.Core.Stages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace KnapsackCloud.Functions.Triggers;

/// <summary>What a Functions host calls for its queues and its timer: <c>POST /NameOfTheFunction</c>.</summary>
internal static class TriggerEndpoints
{
    public static void Map(WebApplication app)
    {
        var services = app.Services;
        Queue<PlanRequest>(app, "Plan", QueueNames.Plan, services.GetRequiredService<PlanHandler>().HandleAsync);
        Queue<RolloutDone>(app, "Collect", QueueNames.RolloutDone, services.GetRequiredService<CollectHandler>().HandleAsync);
        Queue<CheckpointReady>(app, "Publish", QueueNames.CheckpointReady, services.GetRequiredService<PublishHandler>().HandleAsync);
        DeadLetters<PlanRequest>(app, "DeadLetterPlan", QueueNames.Plan);
        DeadLetters<RolloutRequest>(app, "DeadLetterRollouts", QueueNames.Rollouts);
        DeadLetters<RolloutDone>(app, "DeadLetterRolloutDone", QueueNames.RolloutDone);
        DeadLetters<LearnRequested>(app, "DeadLetterLearn", QueueNames.Learn);
        DeadLetters<CheckpointReady>(app, "DeadLetterCheckpointReady", QueueNames.CheckpointReady);
        app.MapPost("/Watchdog", context => WatchAsync(context, services.GetRequiredService<WatchdogTimer>()));
    }

    private static void Queue<TMessage>(
        WebApplication app, string function, string queue, Func<TMessage, CancellationToken, Task<WorkOutcome>> handle, bool last = false)
        where TMessage : class, IWorkMessage
    {
        var services = app.Services;
        var trigger = new QueueTrigger<TMessage>(
            queue, handle, last, services.GetRequiredService<IRunObserver>(), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<FunctionsOptions>().RetryDelay);
        app.MapPost("/" + function, trigger.InvokeAsync);
    }

    private static void DeadLetters<TMessage>(WebApplication app, string function, string queue) where TMessage : class, IWorkMessage
    {
        var letters = app.Services.GetRequiredService<DeadLetters>();
        Queue<TMessage>(app, function, $"{queue}/$deadletterqueue", (message, cancellation) => letters.HandleAsync(message, cancellation), last: true);
    }

    /// <summary>Whatever the timer's call says: that it is time is all it has to say.</summary>
    private static async Task WatchAsync(HttpContext context, WatchdogTimer watchdog) =>
        await TriggerReply.DoneAsync(context, $"watchdog: {await watchdog.SweepAsync(context.RequestAborted)} messages were sent again");
}
