using KnapsackCloud.Core.Contracts;
using KnapsackCloud.Core.Ports;

namespace KnapsackCloud.Core.Messaging;

/// <summary>Sends a message to the queue of its type.</summary>
public interface IMessageSender
{
    Task SendAsync(IWorkMessage message, CancellationToken cancellation);
}

/// <summary>The five queues as one place to send to.</summary>
/// <param name="queues">By name, each of <see cref="QueueNames.All"/>.</param>
public sealed class Outbox(IReadOnlyDictionary<string, IWorkQueue> queues) : IMessageSender
{
    public Task SendAsync(IWorkMessage message, CancellationToken cancellation) =>
        queues[MessageJson.QueueOf(message)].SendAsync(MessageJson.Encode(message), message.Id, TimeSpan.Zero, cancellation);
}
