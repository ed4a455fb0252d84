using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Messaging;

/// <summary>
/// One trace a step, over all queues and hosts: its id follows from run and step, so that a message that was lost and sent again, or
/// doubled, is in the trace all the same. Costs nothing where nobody listens.
/// </summary>
public static class StepTrace
{
    /// <summary>Of the activities, for whoever listens to them.</summary>
    public const string SourceName = "KnapsackCloud";
    private const int TraceIdBytes = 16;
    private const int SpanIdBytes = 8;
    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>The handling of one message; dispose it when that is over. Null when nobody listens.</summary>
    /// <param name="sender">W3C trace context that came with the message, or null: whoever sent it within the same step is the parent.</param>
    public static Activity? Start(string queue, IWorkMessage message, string? sender, int attempt) =>
        Source.HasListeners() ? Start(queue, message, attempt, Parent(message, sender)) : null;

    public static void Fail(Activity? activity, Exception error)
    {
        activity?.SetStatus(ActivityStatusCode.Error, error.Message);
        activity?.AddException(error);
    }

    private static Activity? Start(string queue, IWorkMessage message, int attempt, ActivityContext parent)
    {
        var activity = Source.StartActivity($"{queue} process", ActivityKind.Consumer, parent);
        activity?.SetTag("messaging.destination.name", queue);
        activity?.SetTag("messaging.message.id", message.Id);
        activity?.SetTag("knapsack.run", message.Run.Value);
        activity?.SetTag("knapsack.step", message.Step);
        activity?.SetTag("knapsack.attempt", attempt);
        return activity;
    }

    private static ActivityContext Parent(IWorkMessage message, string? sender)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{message.Run}/{message.Step}"));
        var trace = ActivityTraceId.CreateFromBytes(hash.AsSpan(0, TraceIdBytes));
        return ActivityContext.TryParse(sender, null, isRemote: true, out var known) && known.TraceId == trace
            ? known
            : new ActivityContext(trace, ActivitySpanId.CreateFromBytes(hash.AsSpan(TraceIdBytes, SpanIdBytes)), ActivityTraceFlags.Recorded, isRemote: true);
    }
}
