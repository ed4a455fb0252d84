using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Core.Messaging;

/// <summary>Sends a message to the queue of its type.</summary>
public interface IMessageSender
{
    Task SendAsync(IWorkMessage message, CancellationToken cancellation);

    /// <summary>Several at once: a step may have thousands of work items, and most of the time of a send goes by on the way.</summary>
    async Task SendAllAsync(IEnumerable<IWorkMessage> messages, CancellationToken cancellation)
    {
        foreach (var some in messages.Chunk(SendsAtOnce)) await Task.WhenAll(some.Select(message => SendAsync(message, cancellation)));
    }

    private const int SendsAtOnce = 32;
}

/// <summary>The five queues as one place to send to.</summary>
/// <param name="queues">By name, each of <see cref="QueueNames.All"/>.</param>
public sealed class Outbox(IReadOnlyDictionary<string, IWorkQueue> queues) : IMessageSender
{
    public Task SendAsync(IWorkMessage message, CancellationToken cancellation) =>
        queues[MessageJson.QueueOf(message)].SendAsync(MessageJson.Encode(message), message.Id, TimeSpan.Zero, cancellation);
}
