using System.Text.Json;
using Azure.Storage.Queues;
using KnapsackCloud.Adapters.Tests.Queues;

namespace KnapsackCloud.Adapters.Tests.Azurite;

/// <summary>Looks into a dead-letter queue as an operator would, with a client of its own.</summary>
internal static class PoisonQueue
{
    public static async Task<IReadOnlyList<DeadLetterSeen>> ReadAsync(AzuriteServer azurite, string queue, CancellationToken cancellation)
    {
        var client = new QueueClient((await azurite.OptionsAsync()).ConnectionString, $"{queue}-poison");
        var peeked = await client.PeekMessagesAsync(32, cancellation);
        return [.. peeked.Value.Select(message => Parse(message.Body.ToString()))];
    }

    private static DeadLetterSeen Parse(string text)
    {
        using var json = JsonDocument.Parse(text);
        return new DeadLetterSeen(json.RootElement.GetProperty("id").GetString()!, json.RootElement.GetProperty("reason").GetString());
    }
}
