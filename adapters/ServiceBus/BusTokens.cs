using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Core;

namespace KnapsackCloud.Adapters.ServiceBus;

/// <param name="Type">Name of the token's kind in the claims-based security protocol.</param>
internal sealed record BusToken(string Text, string Type, DateTimeOffset ExpiresAt);

/// <summary>Makes tokens that claim a right to an audience. Thread-safe.</summary>
internal interface IBusTokens
{
    ValueTask<BusToken> GetAsync(string audience, CancellationToken cancellation);
}

/// <summary>Tokens of Microsoft Entra: one for the whole service.</summary>
internal sealed class EntraTokens(TokenCredential credential) : IBusTokens
{
    private static readonly TokenRequestContext Request = new(["https://servicebus.azure.net/.default"]);

    public async ValueTask<BusToken> GetAsync(string audience, CancellationToken cancellation)
    {
        var token = await credential.GetTokenAsync(Request, cancellation);
        return new BusToken(token.Token, "jwt", token.ExpiresOn);
    }
}

/// <summary>Shared access signatures: HMAC-SHA-256 over the escaped audience and the end of its life in Unix seconds.</summary>
internal sealed class SharedKeyTokens(string keyName, string key, TimeProvider time) : IBusTokens
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    public ValueTask<BusToken> GetAsync(string audience, CancellationToken cancellation)
    {
        var expiresAt = time.GetUtcNow() + Lifetime;
        var seconds = expiresAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var resource = Uri.EscapeDataString(audience);
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"{resource}\n{seconds}")));
        var text = $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(signature)}&se={seconds}&skn={Uri.EscapeDataString(keyName)}";
        return ValueTask.FromResult(new BusToken(text, "servicebus.windows.net:sastoken", expiresAt));
    }
}
