using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace KnapsackCloud.Functions.Triggers;

/// <summary>
/// Reads a message out of the call of a Functions host: <c>{"Data":{"message":...},"Metadata":{...}}</c>. The host sends
/// the body as a JSON string in a JSON string; a JSON string, and the JSON itself, are taken too. Metadata is never
/// looked at: members of a message's body overwrite what is there, so that its sender could write anything into it.
/// </summary>
internal static class Invocation
{
    /// <summary>Name of the binding in every function.json with a queue.</summary>
    public const string Binding = "message";
    private const int MaxDepth = 32;

    /// <summary>False, with the problem in words, when there is no message in it.</summary>
    public static bool TryReadMessage(ReadOnlyMemory<byte> call, out ReadOnlyMemory<byte> message, [NotNullWhen(false)] out string? problem)
    {
        message = default;
        problem = null;
        try
        {
            using var document = JsonDocument.Parse(call, new JsonDocumentOptions { MaxDepth = MaxDepth });
            if (!TryFind(document.RootElement, out var value)) problem = $"the call has no Data.{Binding}";
            else message = Encoding.UTF8.GetBytes(Unwrap(value));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            problem = "the call is not the JSON that a Functions host sends";
        }
        return problem is null;
    }

    private static bool TryFind(JsonElement call, out JsonElement value)
    {
        value = default;
        return call.ValueKind == JsonValueKind.Object
            && call.TryGetProperty("Data", out var data) && data.ValueKind == JsonValueKind.Object
            && data.TryGetProperty(Binding, out value);
    }

    private static string Unwrap(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String) return value.GetRawText();
        var text = value.GetString()!;
        return text.TrimStart().StartsWith('"') ? JsonSerializer.Deserialize(text, Api.ApiJson.Default.String)! : text;
    }
}
