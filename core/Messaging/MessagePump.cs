using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Core.Messaging;

/// <summary>A pump of any message type, for hosts that run several.</summary>
public interface IMessagePump
{
    /// <summary>Handles one message; false when the queue had none.</summary>
    /// <param name="stop">Receives no message any more; one in work is finished.</param>
    /// <param name="abort">Cancels the work too and gives its message back without using an attempt.</param>
    /// <exception cref="OperationCanceledException">Stopped or aborted.</exception>
    Task<bool> PumpOneAsync(CancellationToken stop, CancellationToken abort);

    /// <summary>Handles messages until stopped; a failing queue is reported and tried again.</summary>
    Task RunAsync(CancellationToken stop, CancellationToken abort);
}

/// <summary>Takes messages from one queue to one handler, one at a time, each under a renewed lease, and settles each in one place.</summary>
public sealed class MessagePump<TMessage>(
    IWorkQueue queue, IWorkHandler<TMessage> handler, PumpOptions options, TimeProvider time, IPumpObserver observer) : IMessagePump
    where TMessage : class, IWorkMessage
{
    private static readonly TimeSpan LongestRetryDelay = TimeSpan.FromSeconds(30);

    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await PumpOneAsync(stop, abort);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested || abort.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                observer.AttemptFailed(queue.Name, "", 0, error);
                await Task.Delay(options.RetryDelay, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public async Task<bool> PumpOneAsync(CancellationToken stop, CancellationToken abort)
    {
        var lease = await queue.ReceiveAsync(options.Lease, stop);
        if (lease is null) return false;

        if (MessageJson.TryDecode<TMessage>(lease.Body, out var message, out var problem))
            await HandleAsync(lease, message, abort);
        else
            await RejectAsync(lease, problem);
        return true;
    }

    private async Task HandleAsync(ILease lease, TMessage message, CancellationToken abort)
    {
        using var activity = StepTrace.Start(queue.Name, message, lease.TraceParent, lease.Attempt);
        observer.MessageReceived(queue.Name, lease.MessageId, time.GetUtcNow() - lease.SentAt);
        try
        {
            if (lease.Attempt > options.MaxAttempts)
                throw new TimeoutException($"no attempt of {options.MaxAttempts} came to an end: the process died or lost its lease each time");
            var outcome = await LeasedWork.RunAsync(lease, options.Lease, time, token => handler.HandleAsync(message, token), abort);
            await SettleAsync(lease, outcome);
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            await lease.SnoozeAsync(TimeSpan.Zero, CancellationToken.None);
            throw;
        }
        catch (Exception error) when (error is not SettlementException)
        {
            StepTrace.Fail(activity, error);
            observer.AttemptFailed(queue.Name, lease.MessageId, lease.Attempt, error);
            await RetryOrGiveUpAsync(lease, message, error, abort);
        }
    }

    /// <param name="outcome">Null when the lease was lost.</param>
    private async Task SettleAsync(ILease lease, WorkOutcome? outcome)
    {
        try
        {
            // The work is done: being aborted now must not leave it unsettled.
            var settled = outcome switch
            {
                null => LeaseLost(lease),
                WorkOutcome.Snoozed(var delay) => lease.SnoozeAsync(delay, CancellationToken.None),
                WorkOutcome.Rejected(var reason) => RejectAsync(lease, reason),
                _ => lease.CompleteAsync(CancellationToken.None),
            };
            await settled;
        }
        catch (Exception error)
        {
            throw new SettlementException(lease.MessageId, error);
        }
    }

    private Task LeaseLost(ILease lease)
    {
        observer.LeaseLost(queue.Name, lease.MessageId);
        return Task.CompletedTask;
    }

    private Task RejectAsync(ILease lease, string reason)
    {
        observer.MessageRejected(queue.Name, lease.MessageId, reason);
        return lease.RejectAsync(reason, CancellationToken.None);
    }

    private async Task RetryOrGiveUpAsync(ILease lease, TMessage message, Exception error, CancellationToken abort)
    {
        // Wrong input stays wrong: trying again would only cost.
        if (lease.Attempt >= options.MaxAttempts || error is InvalidInputException)
        {
            await handler.GiveUpAsync(message, error, abort);
            await lease.RejectAsync(error.Message, CancellationToken.None);
            return;
        }
        var delay = TimeSpan.FromTicks(Math.Min(LongestRetryDelay.Ticks, options.RetryDelay.Ticks << Math.Min(lease.Attempt - 1, 20)));
        await LeasedWork.RunAsync(lease, options.Lease, time, async token => { await Task.Delay(delay, time, token); return lease; }, abort);
        await lease.AbandonAsync(CancellationToken.None);
    }
}

/// <summary>The work was done but the queue did not take its settlement; the message comes again and finds it done.</summary>
public sealed class SettlementException(string messageId, Exception inner)
    : Exception($"message {messageId} could not be settled: {inner.Message}", inner);
