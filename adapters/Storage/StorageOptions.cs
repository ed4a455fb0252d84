using System.ComponentModel.DataAnnotations;

namespace KnapsackCloud.Adapters.Storage;

/// <summary>An Azure Storage account, or Azurite: by connection string, or by account name with the identity of the process.</summary>
public sealed class StorageOptions : IValidatableObject
{
    /// <summary>For Azurite and for accounts with shared keys. Leave out to use the identity of the process.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Name of the account whose services are <c>https://{name}.blob.{suffix}</c> and <c>.queue.</c>.</summary>
    [RegularExpression("^[a-z0-9]{3,24}$", ErrorMessage = "AccountName is 3 to 24 lower-case letters and digits")]
    public string? AccountName { get; set; }

    /// <summary>Default core.windows.net; differs in sovereign clouds.</summary>
    [Required, RegularExpression("^[a-z0-9.-]+$", ErrorMessage = "EndpointSuffix is a domain such as core.windows.net")]
    public string EndpointSuffix { get; set; } = "core.windows.net";

    /// <summary>Client id of a user-assigned managed identity; left out for the system-assigned one or a developer's login.</summary>
    public string? ManagedIdentityClientId { get; set; }

    /// <summary>Blob container of the runs. Default knapsack.</summary>
    [Required, RegularExpression("^[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]$", ErrorMessage = "Container is 3 to 63 lower-case letters, digits and single '-'")]
    public string Container { get; set; } = "knapsack";

    /// <summary>Retries of a request, with jittered exponential delays. Default 5.</summary>
    [Range(0, 20)]
    public int MaxRetries { get; set; } = 5;

    /// <summary>Delay before the first retry. Default 0.4 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(0.4);

    /// <summary>Longest silence of the service within a request. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan NetworkTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Bytes buffered and sent at once by an upload: 64 KiB to 100 MiB. Default 8 MiB, so that 50,000 blocks hold 390 GiB.</summary>
    [Range(1 << 16, 100 << 20)]
    public int BlockBytes { get; set; } = 8 << 20;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrEmpty(ConnectionString) == string.IsNullOrEmpty(AccountName))
            yield return new ValidationResult(
                "give either ConnectionString (Azurite, shared key) or AccountName (identity of the process), and not both",
                [nameof(ConnectionString), nameof(AccountName)]);
    }
}

/// <summary>Behaviour of a <see cref="StorageQueue"/>.</summary>
public sealed class StorageQueueOptions
{
    /// <summary>Deliveries before a message goes to the dead-letter queue unasked. Default 10, above the attempts of any pump.</summary>
    [Range(1, 1000)]
    public int MaxDeliveries { get; set; } = 10;

    /// <summary>How long a receive waits for a message. Default 20 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan Poll { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Pause after the first empty look at the queue; doubles with each one. Default 50 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan ShortestPause { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest pause between two looks: each one is a paid request. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Folder through which processes of one machine wake each other at a send, see <see cref="QueueBells"/>. Default none.</summary>
    public string? Bells { get; set; }
}
