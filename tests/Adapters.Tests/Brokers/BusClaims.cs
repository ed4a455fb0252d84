using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;

namespace KnapsackCloud.Adapters.Tests.Brokers;

/// <summary>The test broker's $cbs node: checks shared access signatures, and bearer tokens against a list.</summary>
internal sealed class BusClaims(TimeProvider time) : IRequestProcessor
{
    public const string KeyName = "tests";
    public const string Key = "not-a-secret";
    private readonly ConditionalWeakTable<Connection, ConcurrentDictionary<string, DateTimeOffset>> _claims = [];

    public int Credit => 50;

    /// <summary>Bearer tokens that open every queue.</summary>
    public ConcurrentDictionary<string, bool> Bearers { get; } = new();

    /// <summary>Audiences of the tokens shown so far, in order.</summary>
    public ConcurrentQueue<string> Shown { get; } = new();

    public bool Allows(Connection connection, string path) =>
        _claims.TryGetValue(connection, out var claims) && claims.TryGetValue(path, out var end) && end > time.GetUtcNow();

    public void Process(RequestContext requestContext)
    {
        var (asked, token) = (requestContext.Message.ApplicationProperties, requestContext.Message.Body as string ?? "");
        var audience = asked["name"] as string ?? "";
        Shown.Enqueue(audience);
        var end = (asked["type"] as string) switch
        {
            "servicebus.windows.net:sastoken" => SignatureEnd(token, audience),
            "jwt" when Bearers.ContainsKey(token) => asked["expiration"] is DateTime at ? new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc)) : null,
            _ => null,
        };
        if (end > time.GetUtcNow())
            _claims.GetOrCreateValue(requestContext.Link.Session.Connection)[new Uri(audience).AbsolutePath[1..]] = end.Value;
        requestContext.Complete(Answer(end > time.GetUtcNow()));
    }

    private static DateTimeOffset? SignatureEnd(string token, string audience)
    {
        var parts = token["SharedAccessSignature ".Length..].Split('&').Select(part => part.Split('=', 2)).ToDictionary(part => part[0], part => Uri.UnescapeDataString(part[1]));
        var signed = Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(audience)}\n{parts["se"]}");
        var expected = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key), signed));
        return parts["sr"] == audience && parts["skn"] == KeyName && parts["sig"] == expected
            ? DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts["se"], System.Globalization.CultureInfo.InvariantCulture))
            : null;
    }

    private static Message Answer(bool isValid) => new()
    {
        ApplicationProperties = new ApplicationProperties
        {
            ["status-code"] = isValid ? 202 : 401,
            ["status-description"] = isValid ? "Accepted" : "the token is not valid",
        },
    };
}
