using System.ComponentModel.DataAnnotations;

namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>A Service Bus namespace, or its emulator: by connection string, or by name with the identity of the process.</summary>
public sealed class ServiceBusOptions : IValidatableObject
{
    /// <summary><c>Endpoint=sb://...;SharedAccessKeyName=...;SharedAccessKey=...</c>, also the emulator's with <c>UseDevelopmentEmulator=true</c>. Leave out to use the identity of the process.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Fully qualified: <c>name.servicebus.windows.net</c>.</summary>
    [RegularExpression("^[A-Za-z0-9-]+([.][A-Za-z0-9-]+)+$", ErrorMessage = "FullyQualifiedNamespace is a host name such as name.servicebus.windows.net")]
    public string? FullyQualifiedNamespace { get; set; }

    /// <summary>Client id of a user-assigned managed identity; left out for the system-assigned one or a developer's login.</summary>
    public string? ManagedIdentityClientId { get; set; }

    /// <summary>
    /// Deliveries before a message goes to the dead-letter queue unasked. The service's own count starts anew with each
    /// snooze, this one does not. Default 10, above the attempts of any pump.
    /// </summary>
    [Range(1, 1000)]
    public int MaxDeliveries { get; set; } = 10;

    /// <summary>How long a receive waits for a message; at least as long as one travels. Default 20 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan Poll { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Tries of an operation after the first. Default 5.</summary>
    [Range(1, 20)]
    public int MaxRetries { get; set; } = 5;

    /// <summary>Delay before the first retry; doubles, with jitter. Default 0.2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(0.2);

    /// <summary>Longest delay between two tries. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Failures within half a minute, with hardly a success, after which the namespace is left alone for <see cref="BreakDuration"/>. Default 10.</summary>
    [Range(2, 1000)]
    public int BreakAfter { get; set; } = 10;

    /// <summary>How long operations then fail at once. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")]
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromSeconds(10);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrEmpty(ConnectionString) == string.IsNullOrEmpty(FullyQualifiedNamespace))
            yield return new ValidationResult(
                "give either ConnectionString (shared key, emulator) or FullyQualifiedNamespace (identity of the process), and not both",
                [nameof(ConnectionString), nameof(FullyQualifiedNamespace)]);
        else if (ConnectionString is { Length: > 0 } && !BusConnectionString.TryParse(ConnectionString, out _, out var problem))
            yield return new ValidationResult(problem, [nameof(ConnectionString)]);
    }
}
