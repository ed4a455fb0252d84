using System.Text.Json;
using System.Text.Json.Serialization;

namespace KnapsackCloud.Adapters.Storage;

/// <summary>A message as the queue keeps it: the service knows neither ids of ours nor snoozes nor reasons.</summary>
internal sealed record StoredMessage
{
    private const int CurrentFormat = 1;

    public int Format { get; init; } = CurrentFormat;
    public required string Id { get; init; }
    /// <summary>Base64 in the text.</summary>
    public required byte[] Body { get; init; }
    /// <summary>Deliveries that do not count as attempts.</summary>
    public int Snoozes { get; init; }
    public string? TraceParent { get; init; }
    /// <summary>Why it is in the dead-letter queue.</summary>
    public string? Reason { get; init; }
    /// <summary>Attempts it had when it went there.</summary>
    public int? Attempts { get; init; }

    public string ToText() => JsonSerializer.Serialize(this, StoredMessageJson.Default.StoredMessage);

    /// <summary>Null for a text that this adapter did not write.</summary>
    public static StoredMessage? Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, StoredMessageJson.Default.StoredMessage) is { Format: CurrentFormat, Id: not null, Body: not null, Snoozes: >= 0 } message ? message : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StoredMessage))]
internal sealed partial class StoredMessageJson : JsonSerializerContext;
