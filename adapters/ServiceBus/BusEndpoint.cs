namespace KnapsackCloud.Adapters.ServiceBus;

/// <summary>Where a namespace listens for AMQP.</summary>
internal sealed record BusEndpoint(string Host, int Port, bool Tls)
{
    private const int TlsPort = 5671;
    private const int PlainPort = 5672;

    /// <param name="uri">A port in it wins over the protocol's own.</param>
    public static BusEndpoint Of(Uri uri, bool isEmulator)
    {
        var port = uri.IsDefaultPort || uri.Port < 0 ? (isEmulator ? PlainPort : TlsPort) : uri.Port;
        return new BusEndpoint(uri.Host, port, Tls: !isEmulator);
    }

    public static BusEndpoint Of(string fullyQualifiedNamespace) => new(fullyQualifiedNamespace, TlsPort, Tls: true);

    /// <summary>What a token is asked for.</summary>
    public string Audience(string path) => $"{(Tls ? "amqps" : "amqp")}://{Host}/{path}";

    public override string ToString() => $"{Host}:{Port}";
}
