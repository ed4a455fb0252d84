using System.Diagnostics;
using System.Text;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Adapters.Storage;

/// <summary>
/// A queue of Azure Storage: a lease is a visibility timeout with its pop receipt. Leases are of whole seconds, rounded
/// up; delays of up to seven days. The service has no duplicate detection, so a message sent twice comes twice. Thread-safe.
/// </summary>
/// <param name="queue">An existing queue whose texts are not encoded.</param>
/// <param name="deadLetters">An existing queue for messages that are not delivered again.</param>
/// <param name="bell">Rung at each send, and ends the pause between two looks; null where sender and receiver share no machine.</param>
public sealed class StorageQueue(QueueClient queue, QueueClient deadLetters, StorageQueueOptions options, TimeProvider time, QueueBell? bell = null) : IWorkQueue
{
    /// <summary>Largest body: in base64 and with what is stored beside it, it fits the service's 64 KiB.</summary>
    public const int MaxBodyBytes = 46_000;
    private const int MaxReasonLength = 1_000;
    private static readonly TimeSpan ShortestLease = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(7);
    private static readonly TimeSpan NeverExpires = TimeSpan.FromSeconds(-1);

    public string Name => queue.Name;

    internal QueueClient Client => queue;

    /// <exception cref="ArgumentException">The body is larger than <see cref="MaxBodyBytes"/>.</exception>
    /// <exception cref="QueueException">The service did not take it.</exception>
    public async Task SendAsync(ReadOnlyMemory<byte> body, string id, TimeSpan delay, CancellationToken cancellation)
    {
        if (body.Length > MaxBodyBytes)
            throw new ArgumentException($"message {id} has {body.Length} bytes, a queue of Azure Storage takes {MaxBodyBytes}: put the data into a blob and send its name", nameof(body));
        var message = new StoredMessage { Id = id, Body = body.ToArray(), TraceParent = Activity.Current?.Id };
        await GuardAsync(token => queue.SendMessageAsync(message.ToText(), WholeSeconds(delay, TimeSpan.Zero), NeverExpires, token), cancellation);
        if (delay <= TimeSpan.Zero) bell?.Ring();
    }

    /// <exception cref="QueueException">The service did not answer.</exception>
    public async Task<ILease?> ReceiveAsync(TimeSpan duration, CancellationToken cancellation)
    {
        var pollEnds = time.GetUtcNow() + options.Poll;
        var pause = options.ShortestPause;
        while (true)
        {
            var ring = bell?.Next;
            var received = await GuardAsync(token => queue.ReceiveMessageAsync(WholeSeconds(duration, ShortestLease), token), cancellation);
            if (received.Value is { } message)
            {
                if (await OpenAsync(message, cancellation) is { } lease) return lease;
                continue;
            }
            var left = pollEnds - time.GetUtcNow();
            if (left <= TimeSpan.Zero) return null;
            await PauseAsync(left < pause ? left : pause, ring, cancellation);
            pause = pause * 2 < options.LongestPause ? pause * 2 : options.LongestPause;
        }
    }

    private async Task PauseAsync(TimeSpan pause, Task? ring, CancellationToken cancellation)
    {
        if (ring is null)
        {
            await Task.Delay(pause, time, cancellation);
            return;
        }
        using var rung = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await Task.WhenAny(Task.Delay(pause, time, rung.Token), ring);
        await rung.CancelAsync();
        cancellation.ThrowIfCancellationRequested();
    }

    /// <exception cref="QueueException">The service did not answer.</exception>
    public async Task<long?> CountAsync(CancellationToken cancellation) =>
        (await GuardAsync(queue.GetPropertiesAsync, cancellation)).Value.ApproximateMessagesCountLong;

    /// <summary>Null when the message went to the dead letters instead: nobody could settle it, or it is not one of ours.</summary>
    private async Task<StorageLease?> OpenAsync(QueueMessage received, CancellationToken cancellation)
    {
        var text = received.Body.ToString();
        var message = StoredMessage.Parse(text);
        if (message is null)
        {
            var foreign = new StoredMessage { Id = received.MessageId, Body = Encoding.UTF8.GetBytes(text) };
            await BuryAsync(received.MessageId, received.PopReceipt, foreign, 1, "not a message of this program", cancellation);
            return null;
        }
        var attempt = (int)Math.Max(1, received.DequeueCount - message.Snoozes);
        if (attempt > options.MaxDeliveries)
        {
            await BuryAsync(received.MessageId, received.PopReceipt, message, attempt - 1, $"delivered {attempt - 1} times without being settled", cancellation);
            return null;
        }
        return new StorageLease(this, message, received, attempt);
    }

    /// <summary>First into the dead letters, then out of the queue: a crash between the two doubles the message, and loses none.</summary>
    internal async Task BuryAsync(string messageId, string popReceipt, StoredMessage message, int attempts, string reason, CancellationToken cancellation)
    {
        var letter = message with { Reason = reason.Length <= MaxReasonLength ? reason : reason[..MaxReasonLength], Attempts = attempts };
        await GuardAsync(token => deadLetters.SendMessageAsync(letter.ToText(), TimeSpan.Zero, NeverExpires, token), cancellation);
        await SettleAsync(token => queue.DeleteMessageAsync(messageId, popReceipt, token), cancellation);
    }

    /// <summary>False when the lease was lost: the pop receipt is not the current one, or the message is gone.</summary>
    internal async Task<bool> SettleAsync<T>(Func<CancellationToken, Task<T>> request, CancellationToken cancellation)
    {
        try
        {
            await request(cancellation);
            return true;
        }
        catch (Azure.RequestFailedException error) when (error.ErrorCode == QueueErrorCode.MessageNotFound || error.ErrorCode == QueueErrorCode.PopReceiptMismatch)
        {
            return false;
        }
        catch (Exception error) when (StorageErrors.IsStorageError(error, cancellation))
        {
            throw StorageErrors.Queue(error, queue.Uri.ToString());
        }
    }

    internal static TimeSpan WholeSeconds(TimeSpan duration, TimeSpan shortest)
    {
        var whole = TimeSpan.FromSeconds(Math.Ceiling(duration.TotalSeconds));
        return whole < shortest ? shortest : whole > LongestDelay ? LongestDelay : whole;
    }

    private async Task<T> GuardAsync<T>(Func<CancellationToken, Task<T>> request, CancellationToken cancellation)
    {
        try
        {
            return await request(cancellation);
        }
        catch (Exception error) when (StorageErrors.IsStorageError(error, cancellation))
        {
            throw StorageErrors.Queue(error, queue.Uri.ToString());
        }
    }
}
