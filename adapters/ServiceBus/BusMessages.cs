using System.Diagnostics;
using System.Text;
using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>A message as this adapter reads it.</summary>
/// <param name="Attempts">Attempts before this delivery, carried through snoozes.</param>
/// <param name="Snoozes">Copies made so far.</param>
internal sealed record BusContent(byte[] Body, string Id, int Attempts, int Snoozes, string? TraceParent);

/// <summary>Messages to AMQP and back.</summary>
internal static class BusMessages
{
    public const string DeadLetterReason = "Rejected";
    /// <summary>The service keeps 4,096 characters of a reason.</summary>
    private const int MaxReasonLength = 4_000;
    private const string TraceParent = "traceparent";
    /// <summary>Where the service's own clients and the Functions host look for the trace.</summary>
    private const string DiagnosticId = "Diagnostic-Id";
    private const string OriginalId = "knapsack-id";
    private const string CarriedAttempts = "knapsack-attempts";
    private const string CarriedSnoozes = "knapsack-snoozes";
    private static readonly Symbol EnqueuedTime = "x-opt-enqueued-time";
    private static readonly Symbol ScheduledEnqueueTime = "x-opt-scheduled-enqueue-time";

    public static Message Create(ReadOnlyMemory<byte> body, string id, DateTimeOffset? due) =>
        Encode(new BusContent(body.ToArray(), id, 0, 0, Activity.Current?.Id), id, due);

    /// <summary>
    /// The same message for later, with the attempts it had. Its key for duplicate detection is its own: the service would
    /// take a copy under the same key for a duplicate, and drop it.
    /// </summary>
    public static Message Copy(BusContent content, DateTimeOffset? due)
    {
        var copy = content with { Snoozes = content.Snoozes + 1 };
        return Encode(copy, $"{copy.Id}~{copy.Attempts}~{copy.Snoozes}", due);
    }

    /// <summary>Null for a message without bytes in it.</summary>
    public static BusContent? Read(Message message)
    {
        var body = message.Body switch { byte[] bytes => bytes, string text => Encoding.UTF8.GetBytes(text), _ => null };
        if (body is null) return null;
        var properties = message.ApplicationProperties;
        return new BusContent(
            body,
            properties?[OriginalId] as string ?? message.Properties?.MessageId ?? "",
            Math.Max(0, properties?[CarriedAttempts] as int? ?? 0) + (int)(message.Header?.DeliveryCount ?? 0),
            Math.Max(0, properties?[CarriedSnoozes] as int? ?? 0),
            (properties?[TraceParent] ?? properties?[DiagnosticId]) as string);
    }

    /// <summary>Null where a broker does not say.</summary>
    public static DateTimeOffset? SentAt(Message message) =>
        message.MessageAnnotations?[EnqueuedTime] is DateTime time ? new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)) : null;

    /// <summary>The lock token is the delivery tag; null where a broker tags otherwise.</summary>
    public static Guid? LockToken(Message message) => message.DeliveryTag is { Length: 16 } tag ? new Guid(tag) : null;

    public static Error DeadLetter(string reason) => new(new Symbol("com.microsoft:dead-letter"))
    {
        Description = Short(reason),
        Info = new Fields { [new Symbol("DeadLetterReason")] = DeadLetterReason, [new Symbol("DeadLetterErrorDescription")] = Short(reason) },
    };

    public static string Short(string reason) => reason.Length <= MaxReasonLength ? reason : reason[..MaxReasonLength];

    private static Message Encode(BusContent content, string key, DateTimeOffset? due)
    {
        var message = new Message
        {
            BodySection = new Data { Binary = content.Body },
            Header = new Header { Durable = true },
            Properties = new Properties { MessageId = key, ContentType = "application/json" },
            ApplicationProperties = new ApplicationProperties { [OriginalId] = content.Id },
        };
        if (content.TraceParent is not null)
            message.ApplicationProperties[TraceParent] = message.ApplicationProperties[DiagnosticId] = content.TraceParent;
        if (content.Snoozes > 0)
        {
            message.ApplicationProperties[CarriedAttempts] = content.Attempts;
            message.ApplicationProperties[CarriedSnoozes] = content.Snoozes;
        }
        if (due is { } time)
            message.MessageAnnotations = new MessageAnnotations { [ScheduledEnqueueTime] = time.UtcDateTime };
        return message;
    }
}
