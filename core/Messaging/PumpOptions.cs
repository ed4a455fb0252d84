using System.ComponentModel.DataAnnotations;

namespace KnapsackCloud.Core.Messaging;

/// <summary>How a <see cref="MessagePump{TMessage}"/> leases and retries.</summary>
public sealed record PumpOptions
{
    /// <summary>Length of a lease. Renewed at a third of it, so that two renewals may fail. Default one minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Lease { get; init; } = TimeSpan.FromMinutes(1);
    /// <summary>Deliveries before the handler gives the message up, 1 or more. Default 5.</summary>
    [Range(1, 100)]
    public int MaxAttempts { get; init; } = 5;
    /// <summary>Wait before the second attempt; doubles with each one, up to 30 s. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);
}
