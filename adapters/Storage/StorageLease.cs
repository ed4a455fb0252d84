using Azure.Storage.Queues.Models;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Adapters.Storage;

/// <summary>A message that is invisible to others until its timeout. Each renewal changes the pop receipt, so calls take turns.</summary>
internal sealed class StorageLease(StorageQueue queue, StoredMessage message, QueueMessage received, int attempt) : ILease
{
    private static readonly TimeSpan TimeToBury = TimeSpan.FromSeconds(30);
    private readonly Lock _gate = new();
    private Task _last = Task.CompletedTask;
    private string _popReceipt = received.PopReceipt;

    public ReadOnlyMemory<byte> Body => message.Body;
    public string MessageId => message.Id;
    public int Attempt => attempt;
    public string? TraceParent => message.TraceParent;
    public DateTimeOffset? SentAt => received.InsertedOn;

    public Task CompleteAsync(CancellationToken cancellation) =>
        InTurnAsync(() => queue.SettleAsync(token => queue.Client.DeleteMessageAsync(received.MessageId, _popReceipt, token), cancellation));

    public Task SnoozeAsync(TimeSpan delay, CancellationToken cancellation) =>
        InTurnAsync(() => UpdateAsync((message with { Snoozes = message.Snoozes + 1 }).ToText(), StorageQueue.WholeSeconds(delay, TimeSpan.Zero), cancellation));

    public Task AbandonAsync(CancellationToken cancellation) => InTurnAsync(() => UpdateAsync(null, TimeSpan.Zero, cancellation));

    public Task RejectAsync(string reason, CancellationToken cancellation) => InTurnAsync(async () =>
    {
        // A message that somebody else has by now is not ours to bury.
        if (!await UpdateAsync(null, TimeToBury, cancellation)) return false;
        await queue.BuryAsync(received.MessageId, _popReceipt, message, attempt, reason, cancellation);
        return true;
    });

    public Task<bool> RenewAsync(TimeSpan duration, CancellationToken cancellation) =>
        InTurnAsync(() => UpdateAsync(null, StorageQueue.WholeSeconds(duration, TimeSpan.FromSeconds(1)), cancellation));

    /// <param name="text">Null leaves the text as it is.</param>
    private Task<bool> UpdateAsync(string? text, TimeSpan visibility, CancellationToken cancellation) => queue.SettleAsync(async token =>
    {
        var update = await queue.Client.UpdateMessageAsync(received.MessageId, _popReceipt, text, visibility, token);
        _popReceipt = update.Value.PopReceipt;
        return update;
    }, cancellation);

    private Task<bool> InTurnAsync(Func<Task<bool>> request)
    {
        lock (_gate)
        {
            var turn = AfterAsync(_last, request);
            _last = turn;
            return turn;
        }
    }

    private static async Task<bool> AfterAsync(Task before, Func<Task<bool>> request)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        return await request();
    }
}
