using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Messaging;
using KnapsackCloud.Core.Stages;
using KnapsackCloud.Functions.Api;
using Microsoft.AspNetCore.Http;

namespace KnapsackCloud.Functions.Triggers;

/// <summary>
/// Answers the calls of a Functions host for one queue: 200 and the message is done, 500 and it comes again, as often as
/// the queue allows. There is no answer that refuses a message for good, so one that is wrong takes that way too, and the
/// function of the dead letters says so.
/// </summary>
/// <param name="handle">Idempotent.</param>
/// <param name="last">There is no further delivery: a message that is wrong is done with.</param>
internal sealed class QueueTrigger<TMessage>(
    string queue, Func<TMessage, CancellationToken, Task<WorkOutcome>> handle, bool last, IRunObserver observer, TimeProvider time, TimeSpan retryDelay)
    where TMessage : class, IWorkMessage
{
    /// <summary>A message has 256 KB at most, here escaped twice and with copies of its members beside it.</summary>
    private const int LargestCall = 2 << 20;
    /// <summary>The host knows how often it delivered, and tells it where a sender can write too.</summary>
    private const int UnknownAttempt = 0;

    public async Task InvokeAsync(HttpContext context)
    {
        var call = await RequestBody.ReadAsync(context, LargestCall);
        if (!Invocation.TryReadMessage(call, out var body, out var problem) || !MessageJson.TryDecode<TMessage>(body, out var message, out problem))
        {
            await RefuseAsync(context, "", problem);
            return;
        }
        using var activity = StepTrace.Start(queue, message, sender: null, UnknownAttempt);
        try
        {
            var outcome = await handle(message, context.RequestAborted);
            if (outcome is WorkOutcome.Rejected(var reason)) await RefuseAsync(context, message.Id, reason);
            else await TriggerReply.DoneAsync(context, $"{queue}: message {message.Id} is done");
        }
        catch (Exception error) when (!context.RequestAborted.IsCancellationRequested)
        {
            StepTrace.Fail(activity, error);
            observer.AttemptFailed(queue, message.Id, UnknownAttempt, error);
            await Task.Delay(retryDelay, time, context.RequestAborted);
            await Reply.ProblemAsync(context, StatusCodes.Status500InternalServerError, $"{queue}: message {message.Id} failed and comes again");
        }
    }

    private Task RefuseAsync(HttpContext context, string messageId, string reason)
    {
        observer.MessageRejected(queue, messageId, reason);
        return last
            ? TriggerReply.DoneAsync(context, $"{queue}: a message was refused: {reason}")
            : Reply.ProblemAsync(context, StatusCodes.Status500InternalServerError, $"{queue}: a message was refused: {reason}");
    }
}

internal static class TriggerReply
{
    /// <summary>A JSON object: without one the host would wait until the function's time is over.</summary>
    public static Task DoneAsync(HttpContext context, string log) =>
        Reply.JsonAsync(context, new InvocationReply(new Dictionary<string, string>(), [log]), ApiJson.Default.InvocationReply);
}
