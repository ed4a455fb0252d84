using Amqp;
using Amqp.Framing;

namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>One or two AMQP links to a node that open, and are replaced, as one.</summary>
internal interface IBusLink
{
    bool IsClosed { get; }
}

/// <summary>Attaches links, and waits until the broker has agreed.</summary>
internal static class BusLinks
{
    /// <summary>Longest wait for an answer of the broker, in real time: it bounds the network, not the work.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    /// <exception cref="AmqpException">The broker refused; the condition says why.</exception>
    /// <exception cref="TimeoutException">The broker did not answer.</exception>
    public static async Task<TLink> AttachAsync<TLink>(Func<OnAttached, TLink> create) where TLink : Link
    {
        var attached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // A refusal comes as an attach without the node that was asked for, and then a detach that says why.
        var link = create((_, attach) => { if ((attach.Role ? attach.Target : attach.Source) is not null) attached.TrySetResult(); });
        link.AddClosedCallback((_, error) => attached.TrySetException(new AmqpException(error ?? new Error(ErrorCode.DetachForced))));
        try
        {
            await attached.Task.WaitAsync(AnswerTimeout);
            return link;
        }
        catch
        {
            link.Close(TimeSpan.Zero, null);
            throw;
        }
    }

    /// <summary>Unique, because a broker keeps one link of a name.</summary>
    public static string NewName(string path) => $"{path}-{Guid.NewGuid():N}";
}

/// <summary>Sends to one node.</summary>
internal sealed class BusSender(SenderLink link) : IBusLink
{
    public bool IsClosed => link.IsClosed;

    public static async Task<BusSender> OpenAsync(Session session, string address) =>
        new(await BusLinks.AttachAsync(attached => new SenderLink(session, BusLinks.NewName(address), new Target { Address = address }, attached)));

    /// <summary>Returns when the broker has taken the message.</summary>
    public Task SendAsync(Message message, CancellationToken cancellation) => link.SendAsync(message, BusLinks.AnswerTimeout).WaitAsync(cancellation);
}
