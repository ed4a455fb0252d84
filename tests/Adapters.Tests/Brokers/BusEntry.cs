using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace KnapsackCloud.Adapters.Tests.Brokers;

/// <summary>A message in a queue of the test broker. Kept as bytes: each delivery decodes a message of its own.</summary>
internal sealed class BusEntry(byte[] encoded, DateTimeOffset due)
{
    public DateTimeOffset Due { get; set; } = due;
    public int Deliveries { get; set; }
    public Guid Lock { get; set; }
    public DateTimeOffset LockedUntil { get; set; }
    public bool IsLocked => Lock != Guid.Empty;

    /// <summary>Next moment at which something happens to it by itself.</summary>
    public DateTimeOffset Wakes => IsLocked ? LockedUntil : Due;

    public Message Decode()
    {
        var message = Message.Decode(new ByteBuffer(encoded, 0, encoded.Length, encoded.Length));
        message.Header ??= new Header();
        message.Header.DeliveryCount = (uint)Deliveries;
        message.MessageAnnotations ??= new MessageAnnotations();
        message.MessageAnnotations[new Symbol("x-opt-locked-until")] = LockedUntil.UtcDateTime;
        return message;
    }
}
