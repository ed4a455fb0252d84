using KnapsackCloud.Core.Contracts;

namespace KnapsackCloud.Core.Messaging;

/// <summary>
/// One stage of the pipeline. Idempotent: effect, then send, then complete, so that a message that comes again, late or
/// twice changes nothing. Cancelled when the lease on the message is lost.
/// </summary>
public interface IWorkHandler<in TMessage> where TMessage : IWorkMessage
{
    Task<WorkOutcome> HandleAsync(TMessage message, CancellationToken cancellation);

    /// <summary>The attempts are used up, or an attempt cannot help: makes the end visible (a terminal marker, a failed run). Idempotent too.</summary>
    Task GiveUpAsync(TMessage message, Exception error, CancellationToken cancellation);
}
