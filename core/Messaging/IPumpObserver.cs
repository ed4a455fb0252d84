namespace KnapsackCloud.Core.Messaging;

/// <summary>What goes wrong under a pump, for logs and progress. Called from any thread; must not throw.</summary>
public interface IPumpObserver
{
    /// <summary>A message is about to be handled.</summary>
    /// <param name="waited">Since it was sent; null where the queue does not tell.</param>
    void MessageReceived(string queue, string messageId, TimeSpan? waited) { }

    /// <summary>An attempt ended in an exception. <paramref name="messageId"/> is empty when there was no message: the queue itself failed.</summary>
    void AttemptFailed(string queue, string messageId, int attempt, Exception error) { }

    /// <summary>A message was refused for good: unreadable, or the handler rejected it.</summary>
    void MessageRejected(string queue, string messageId, string reason) { }

    /// <summary>The lease ran out under the work; the message comes again elsewhere.</summary>
    void LeaseLost(string queue, string messageId) { }
}
