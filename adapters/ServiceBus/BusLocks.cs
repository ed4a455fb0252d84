using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>Locks by their token, on the management node of a queue: they outlive the link that a message came over.</summary>
internal static class BusLocks
{
    public const string Completed = "completed";
    public const string Abandoned = "abandoned";
    public const string DeadLettered = "suspended";
    private const string RenewLock = "com.microsoft:renew-lock";
    private const string UpdateDisposition = "com.microsoft:update-disposition";

    public static string NodeOf(string queueAddress) => $"{queueAddress}/$management";

    /// <summary>False when the lock is lost.</summary>
    public static Task<bool> RenewAsync(BusRequests management, Guid token, CancellationToken cancellation) =>
        AskAsync(management, RenewLock, new Map { ["lock-tokens"] = new[] { token } }, cancellation);

    /// <summary>False when the lock is lost.</summary>
    public static Task<bool> SettleAsync(BusRequests management, Guid token, string disposition, string? reason, CancellationToken cancellation)
    {
        var body = new Map { ["disposition-status"] = disposition, ["lock-tokens"] = new[] { token } };
        if (reason is not null)
        {
            body["deadletter-reason"] = BusMessages.DeadLetterReason;
            body["deadletter-description"] = reason;
        }
        return AskAsync(management, UpdateDisposition, body, cancellation);
    }

    private static async Task<bool> AskAsync(BusRequests management, string operation, Map body, CancellationToken cancellation)
    {
        var request = new Message
        {
            BodySection = new AmqpValue { Value = body },
            ApplicationProperties = new ApplicationProperties
            {
                ["operation"] = operation,
                ["com.microsoft:server-timeout"] = (uint)BusLinks.AnswerTimeout.TotalMilliseconds,
            },
        };
        var answer = BusAnswer.Of(await management.AskAsync(request, cancellation));
        if (answer.IsSuccess) return true;
        if (answer.Status is BusAnswer.Gone or BusAnswer.NotFound) return false;
        throw new AmqpException(answer.Condition ?? ErrorCode.InternalError, answer.Description);
    }
}
